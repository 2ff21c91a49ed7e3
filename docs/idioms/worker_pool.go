// Three workers share one queue of jobs.
package main

import (
	"fmt"
	"sync"
)

func main() {
	//! [part]
	jobs, results := make(chan int), make(chan int)
	var workers sync.WaitGroup
	for i := 0; i < 3; i++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for job := range jobs {
				results <- job * job
			}
		}()
	}
	go func() {
		for job := 1; job <= 10; job++ {
			jobs <- job
		}
		close(jobs)
		workers.Wait()
		close(results)
	}()

	sum := 0
	for result := range results {
		sum += result
	}
	fmt.Println("sum of squares:", sum)
	//! [part]
}
