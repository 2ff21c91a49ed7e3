// A lock that one can also give up waiting for.
package main

import (
	"fmt"
	"time"
)

//! [part]

type lock chan struct{}

func newLock() lock { return make(lock, 1) }

func (l lock) acquire(limit time.Duration) bool {
	select {
	case l <- struct{}{}:
		return true
	case <-time.After(limit):
		return false
	}
}

func (l lock) release() { <-l }

//! [part]

func main() {
	l := newLock()
	fmt.Println("first:", l.acquire(time.Hour))
	fmt.Println("second:", l.acquire(time.Millisecond))
	l.release()
	fmt.Println("third:", l.acquire(time.Hour))
}
