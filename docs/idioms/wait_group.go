// Starts four goroutines and waits until all are done.
package main

import (
	"fmt"
	"sync"
)

//! [part]

func square(n int, result *int, done *sync.WaitGroup) {
	defer done.Done()
	*result = n * n
}

func main() {
	results := make([]int, 4)
	var group sync.WaitGroup
	for i := range results {
		group.Add(1)
		go square(i, &results[i], &group)
	}
	group.Wait()
	fmt.Println(results)
}

//! [part]
