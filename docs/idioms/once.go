// Loads the settings at the first use.
package main

import (
	"fmt"
	"sync"
)

//! [part]

var (
	once   sync.Once
	colour string
)

func settings() string {
	once.Do(func() {
		fmt.Println("loading")
		colour = "blue"
	})
	return colour
}

//! [part]

func main() {
	var group sync.WaitGroup
	for i := 0; i < 3; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			settings()
		}()
	}
	group.Wait()
	fmt.Println(settings())
}
