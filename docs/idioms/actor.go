// A counter that one goroutine owns; the others ask it.
package main

import (
	"fmt"
	"sync"
)

//! [part]

type request struct {
	add   int
	reply chan int
}

func counter(requests <-chan request) {
	total := 0
	for r := range requests {
		total += r.add
		r.reply <- total
	}
}

func add(requests chan<- request, n int) int {
	reply := make(chan int, 1)
	requests <- request{n, reply}
	return <-reply
}

//! [part]

func main() {
	requests := make(chan request)
	go counter(requests)
	var group sync.WaitGroup
	for i := 1; i <= 4; i++ {
		group.Add(1)
		go func(n int) {
			defer group.Done()
			add(requests, n)
		}(i)
	}
	group.Wait()
	fmt.Println("total:", add(requests, 0))
	close(requests)
}
