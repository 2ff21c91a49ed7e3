// An account that many goroutines use.
package main

import (
	"fmt"
	"sync"
)

//! [part]

type account struct {
	mu      sync.Mutex
	balance int
}

func (a *account) withdraw(amount int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.balance < amount {
		return false
	}
	a.balance -= amount
	return true
}

//! [part]

func main() {
	a := account{balance: 100}
	var group sync.WaitGroup
	for i := 0; i < 20; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			a.withdraw(30)
		}()
	}
	group.Wait()
	fmt.Println("left:", a.balance)
}
