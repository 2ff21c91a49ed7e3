// Stages that are goroutines, with channels between them.
package main

import "fmt"

//! [part]

func count(n int) <-chan int {
	out := make(chan int)
	go func() {
		defer close(out)
		for i := 1; i <= n; i++ {
			out <- i
		}
	}()
	return out
}

func square(in <-chan int) <-chan int {
	out := make(chan int)
	go func() {
		defer close(out)
		for n := range in {
			out <- n * n
		}
	}()
	return out
}

func main() {
	for n := range square(square(count(4))) {
		fmt.Println(n)
	}
}

//! [part]
