// Not more than one request in two milliseconds.
package main

import (
	"fmt"
	"time"
)

func main() {
	start := time.Now()
	//! [part]
	limiter := time.NewTicker(2 * time.Millisecond)
	defer limiter.Stop()
	for _, request := range []string{"a", "b", "c"} {
		<-limiter.C
		fmt.Println("request", request)
	}
	//! [part]
	fmt.Println("took 6 ms or more:", time.Since(start) >= 6*time.Millisecond)
}
