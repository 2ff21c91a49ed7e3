// Two sources become one channel.
package main

import (
	"fmt"
	"sort"
)

func source(name string) <-chan string {
	out := make(chan string)
	go func() {
		for i := 1; i <= 2; i++ {
			out <- fmt.Sprint(name, i)
		}
	}()
	return out
}

//! [part]

func fanIn(a, b <-chan string) <-chan string {
	out := make(chan string)
	go func() {
		for {
			select {
			case message := <-a:
				out <- message
			case message := <-b:
				out <- message
			}
		}
	}()
	return out
}

//! [part]

func main() {
	all := fanIn(source("a"), source("b"))
	got := []string{<-all, <-all, <-all, <-all}
	sort.Strings(got) // who comes first is nobody's promise
	fmt.Println(got)
}
