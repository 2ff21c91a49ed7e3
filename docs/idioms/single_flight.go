// Three ask for a page at once; it is fetched once.
package main

import (
	"fmt"
	"runtime"
	"sync"
)

//! [part]

type flight struct {
	landed  chan struct{}
	waiting int
	page    string
}

type group struct {
	mu      sync.Mutex
	flights map[string]*flight
}

func (g *group) call(key string, f func() string) string {
	g.mu.Lock()
	if found, ok := g.flights[key]; ok {
		found.waiting++
		g.mu.Unlock()
		<-found.landed
		return found.page
	}
	mine := &flight{landed: make(chan struct{})}
	g.flights[key] = mine
	g.mu.Unlock()
	mine.page = f()
	g.mu.Lock()
	delete(g.flights, key)
	g.mu.Unlock()
	close(mine.landed)
	return mine.page
}

//! [part]

func (g *group) waiting(key string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.flights[key].waiting
}

func main() {
	g := group{flights: map[string]*flight{}}
	var fetches int
	var callers sync.WaitGroup
	pages := make([]string, 3)
	for i := range pages {
		callers.Add(1)
		go func(i int) {
			defer callers.Done()
			pages[i] = g.call("home", func() string {
				fetches++
				for g.waiting("home") < 2 { // slow, so that the others come meanwhile
					runtime.Gosched()
				}
				return "welcome"
			})
		}(i)
	}
	callers.Wait()
	fmt.Println(pages, "fetches:", fetches)
}
