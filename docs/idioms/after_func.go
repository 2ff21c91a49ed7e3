// Something to do later, unless it is called off.
package main

import (
	"fmt"
	"time"
)

func main() {
	//! [part]
	alarm := time.AfterFunc(time.Hour, func() {
		fmt.Println("never")
	})
	fmt.Println("called off:", alarm.Stop())

	rang := make(chan struct{})
	time.AfterFunc(time.Millisecond, func() {
		fmt.Println("ring")
		close(rang)
	})
	<-rang
	//! [part]
}
