// One close tells everybody.
package main

import (
	"fmt"
	"sync"
)

func main() {
	//! [part]
	quit := make(chan struct{})
	stopped := make([]bool, 3)
	var workers sync.WaitGroup
	for i := range stopped {
		i := i
		workers.Add(1)
		go func() {
			defer workers.Done()
			<-quit
			stopped[i] = true
		}()
	}
	close(quit)
	workers.Wait()
	fmt.Println("stopped:", stopped)
	//! [part]
}
