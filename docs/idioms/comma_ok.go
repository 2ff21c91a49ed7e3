// Zero was sent, or nothing was?
package main

import "fmt"

func main() {
	//! [part]
	readings := make(chan int, 1)
	readings <- 0
	close(readings)

	reading, ok := <-readings
	fmt.Println(reading, ok)
	reading, ok = <-readings
	fmt.Println(reading, ok)
	//! [part]
}
