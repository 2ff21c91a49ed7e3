// What is opened is closed, also when something goes wrong.
package main

import "fmt"

//! [part]

func open(name string) string {
	fmt.Println("open", name)
	return name
}

func shut(name string) { fmt.Println("close", name) }

func copyFile() {
	from := open("from")
	defer shut(from)
	to := open("to")
	defer shut(to)
	panic("disk full")
}

func main() {
	defer func() {
		if problem := recover(); problem != nil {
			fmt.Println("recovered:", problem)
		}
	}()
	copyFile()
}

//! [part]
