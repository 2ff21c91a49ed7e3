// Reads two channels until both are closed.
package main

import "fmt"

func source(n int) <-chan int {
	out := make(chan int)
	go func() {
		defer close(out)
		for i := 1; i <= n; i++ {
			out <- i
		}
	}()
	return out
}

func main() {
	a, b := source(3), source(10)
	//! [part]
	sum := 0
	for a != nil || b != nil {
		select {
		case n, ok := <-a:
			sum += n
			if !ok {
				a = nil // this case is off now
			}
		case n, ok := <-b:
			sum += n
			if !ok {
				b = nil
			}
		}
	}
	fmt.Println("sum:", sum)
	//! [part]
}
