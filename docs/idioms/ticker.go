// A heart that beats until it is told to stop.
package main

import (
	"fmt"
	"time"
)

//! [part]

func heart(done <-chan struct{}) <-chan time.Time {
	beats := make(chan time.Time)
	go func() {
		defer close(beats)
		ticker := time.NewTicker(2 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case t := <-ticker.C:
				beats <- t
			case <-done:
				return
			}
		}
	}()
	return beats
}

//! [part]

func main() {
	done := make(chan struct{})
	beats := heart(done)
	for i := 1; i <= 3; i++ {
		<-beats
		fmt.Println("beat", i)
	}
	close(done)
	for range beats { // one may be on its way
	}
	fmt.Println("stopped")
}
