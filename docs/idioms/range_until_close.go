// The sender closes; the receiver's loop ends.
package main

import "fmt"

func main() {
	//! [part]
	lines := make(chan string)
	go func() {
		for _, line := range []string{"one", "two"} {
			lines <- line
		}
		close(lines)
	}()
	for line := range lines {
		fmt.Println(line)
	}
	fmt.Println("end")
	//! [part]
}
