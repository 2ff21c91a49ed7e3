// What the benchmarks of all chapters share: how a time and memory are taken, how a figure is printed, main().
//
// measure.hpp beside this file is the same for C++, and says more. tools/bench compiles this file together with a
// chapter's figures.go, as if it lay beside it; figures.go lists its benchmarks in a variable of that name.
package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

// Prints one figure.
func print(figure string, value float64, unit string) {
	fmt.Printf("%s\t%.2f\t%s\n", figure, value, unit)
}

func resources() syscall.Rusage {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return usage
}

func processorTime() time.Duration {
	usage := resources()
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// Nanoseconds of processor time that work takes, divided by count.
func nsEach(count int, work func()) float64 {
	begin := processorTime()
	work()
	return float64(processorTime()-begin) / float64(count)
}

// Bytes of this process that are in memory now.
func residentBytes() int {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		panic(err)
	}
	var pages, residentPages int
	fmt.Sscan(string(statm), &pages, &residentPages)
	return residentPages * os.Getpagesize()
}

// The most bytes of this process that were in memory at any time. (Getrusage would count the process that
// started this one.)
func peakResidentBytes() int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		panic(err)
	}
	_, line, _ := strings.Cut(string(status), "VmHWM:")
	var kibibytes int
	fmt.Sscan(line, &kibibytes)
	return kibibytes * 1024
}

// One benchmark: prints one or more figures whose first word is its name.
type benchmark struct {
	name string
	run  func()
}

func main() {
	wanted := ""
	if len(os.Args) == 2 {
		wanted = os.Args[1]
	}
	for _, benchmark := range benchmarks {
		if wanted == "--list" {
			fmt.Println(benchmark.name)
		}
		if wanted == benchmark.name {
			benchmark.run()
			return
		}
	}
	if wanted != "--list" {
		fmt.Fprintf(os.Stderr, "usage: %s --list, or one of the benchmarks that it lists\n", os.Args[0])
		os.Exit(2)
	}
}
