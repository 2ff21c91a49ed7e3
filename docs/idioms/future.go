// A function that answers later returns a channel.
package main

import "fmt"

//! [part]

func fetch(page string) <-chan string {
	result := make(chan string, 1)
	go func() {
		result <- "the text of " + page
	}()
	return result
}

func main() {
	news, weather := fetch("news"), fetch("weather")
	fmt.Println(<-weather)
	fmt.Println(<-news)
}

//! [part]
