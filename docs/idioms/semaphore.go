// At most two of six downloads run at a time.
package main

import (
	"fmt"
	"sync/atomic"
	"time"
)

var running, most int32

func download() {
	now := atomic.AddInt32(&running, 1)
	for seen := atomic.LoadInt32(&most); now > seen; seen = atomic.LoadInt32(&most) {
		atomic.CompareAndSwapInt32(&most, seen, now)
	}
	time.Sleep(time.Millisecond)
	atomic.AddInt32(&running, -1)
}

func main() {
	//! [part]
	permits := make(chan struct{}, 2)
	for i := 0; i < 6; i++ {
		permits <- struct{}{} // waits while two are out
		go func() {
			defer func() { <-permits }()
			download()
		}()
	}
	for i := 0; i < cap(permits); i++ {
		permits <- struct{}{} // all are back
	}
	//! [part]
	fmt.Println("at most two at a time:", most <= 2)
}
