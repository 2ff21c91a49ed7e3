// Each goroutine greets somebody else.
package main

import (
	"fmt"
	"sync"
)

func main() {
	//! [part]
	greetings := make([]string, 3)
	var group sync.WaitGroup
	for i, name := range []string{"ada", "bob", "eve"} {
		i, name := i, name // until Go 1.22: one per turn
		group.Add(1)
		go func() {
			defer group.Done()
			greetings[i] = "hello " + name
		}()
	}
	group.Wait()
	fmt.Println(greetings)
	//! [part]
}
