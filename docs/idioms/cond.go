// A queue on a mutex and a condition.
package main

import (
	"fmt"
	"sync"
)

//! [part]

type queue struct {
	mu       sync.Mutex
	notEmpty *sync.Cond
	items    []int
}

func (q *queue) put(item int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.items = append(q.items, item)
	q.notEmpty.Signal()
}

func (q *queue) take() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 0 {
		q.notEmpty.Wait()
	}
	item := q.items[0]
	q.items = q.items[1:]
	return item
}

//! [part]

func main() {
	var q queue
	q.notEmpty = sync.NewCond(&q.mu)
	go func() {
		q.put(1)
		q.put(2)
	}()
	fmt.Println(q.take())
	fmt.Println(q.take())
}
