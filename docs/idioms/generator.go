// A function that returns the channel into which its goroutine sends.
package main

import "fmt"

//! [part]

func naturals(done <-chan struct{}) <-chan int {
	out := make(chan int)
	go func() {
		defer close(out)
		for n := 1; ; n++ {
			select {
			case out <- n:
			case <-done:
				return
			}
		}
	}()
	return out
}

//! [part]

func main() {
	done := make(chan struct{})
	numbers := naturals(done)
	for i := 0; i < 3; i++ {
		fmt.Println(<-numbers)
	}
	close(done)
	for range numbers {
	}
	fmt.Println("the generator has ended")
}
