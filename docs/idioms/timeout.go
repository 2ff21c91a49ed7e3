// An answer that does not come in time.
package main

import (
	"fmt"
	"time"
)

func main() {
	answers := make(chan string) // nobody ever answers
	//! [part]
	select {
	case answer := <-answers:
		fmt.Println(answer)
	case <-time.After(5 * time.Millisecond):
		fmt.Println("no answer in time")
	}
	//! [part]
}
