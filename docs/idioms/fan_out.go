// Several stages receive from one channel; each value goes to one of them.
package main

import "fmt"

func tickets(n int) <-chan int {
	out := make(chan int)
	go func() {
		defer close(out)
		for i := 0; i < n; i++ {
			out <- i
		}
	}()
	return out
}

//! [part]

func sell(tickets <-chan int) <-chan int {
	sold := make(chan int, 1)
	go func() {
		count := 0
		for range tickets {
			count++
		}
		sold <- count
	}()
	return sold
}

func main() {
	all := tickets(100)
	a, b, c := sell(all), sell(all), sell(all)
	fmt.Println("sold:", <-a+<-b+<-c)
}

//! [part]
