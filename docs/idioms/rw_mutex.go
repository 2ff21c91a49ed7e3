// A table that is read far more often than written.
package main

import (
	"fmt"
	"sync"
)

//! [part]

type table struct {
	mu      sync.RWMutex
	address map[string]string
}

func (t *table) find(name string) (string, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	found, ok := t.address[name]
	return found, ok
}

func (t *table) set(name, address string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.address[name] = address
}

//! [part]

func main() {
	t := table{address: map[string]string{}}
	_, ok := t.find("n1")
	fmt.Println("known:", ok)
	t.set("n1", "10.0.0.1")
	address, _ := t.find("n1")
	fmt.Println("n1 is at", address)
}
