// A log that drops a line rather than wait.
package main

import "fmt"

func main() {
	//! [part]
	log := make(chan string, 1)
	for _, line := range []string{"one", "two"} {
		select {
		case log <- line:
			fmt.Println("kept", line)
		default:
			fmt.Println("dropped", line)
		}
	}

	select {
	case line := <-log:
		fmt.Println("read", line)
	default:
		fmt.Println("nothing to read")
	}
	//! [part]
}
