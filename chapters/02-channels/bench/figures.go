// What channels cost in Go; figures.cpp beside this file does the same work in C++.
//
// `make bench C=02` runs both and compares them; common/bench/measure.go says how is measured.
package main

import (
	"context"
	"sync"
)

// A benchmark that computes something wrong has measured nothing.
func expect(right bool) {
	if !right {
		panic("wrong")
	}
}

// One goroutine sends, another answers: two rendezvous make a round trip.
func pingPong() {
	const roundTrips = 1_000_000
	ping, pong := make(chan int), make(chan int)
	go func() {
		for ball := range ping {
			pong <- ball
		}
	}()
	print("ping-pong", nsEach(roundTrips, func() {
		for i := 0; i < roundTrips; i++ {
			ping <- i
			expect(<-pong == i)
		}
	}), "ns")
}

// One goroutine sends, another receives.
func nsEachMessage(messages, capacity int) float64 {
	channel := make(chan int, capacity)
	sum := 0
	ns := nsEach(messages, func() {
		go func() {
			for i := 0; i < messages; i++ {
				channel <- i
			}
			close(channel)
		}()
		for message := range channel {
			sum += message
		}
	})
	expect(sum == messages*(messages-1)/2)
	return ns
}

func stream() { print("stream", nsEachMessage(3_000_000, 0), "ns") }

func buffered() { print("buffered", nsEachMessage(10_000_000, 128), "ns") }

// A message goes round among goroutines that each wait for it: every hop is a rendezvous with another one.
func ring() {
	const goroutines, laps = 128, 20_000
	first := make(chan int)
	last := first
	for i := 1; i < goroutines; i++ { // main is one of them
		in, out := last, make(chan int)
		go func() {
			for hops := range in {
				out <- hops + 1
			}
		}()
		last = out
	}
	print("ring", nsEach(goroutines*laps, func() {
		for lap := 0; lap < laps; lap++ {
			first <- 1
			expect(<-last == goroutines)
		}
	}), "ns")
}

// A send and a receive that never wait, in one goroutine.
func uncontended() {
	const times = 20_000_000
	channel := make(chan int, 1)
	print("uncontended", nsEach(times, func() {
		for i := 0; i < times; i++ {
			channel <- i
			expect(<-channel == i)
		}
	}), "ns")
}

// Eight producers, each with a channel of its own, and one consumer.
func fanIn() {
	const messages = 2_000_000
	var from [8]chan int
	for i := range from {
		channel := make(chan int)
		from[i] = channel
		go func() {
			for i := 0; i < messages/8; i++ {
				channel <- i
			}
		}()
	}
	sum := 0
	ns := nsEach(messages, func() {
		for i := 0; i < messages; i++ {
			var message int
			select {
			case message = <-from[0]:
			case message = <-from[1]:
			case message = <-from[2]:
			case message = <-from[3]:
			case message = <-from[4]:
			case message = <-from[5]:
			case message = <-from[6]:
			case message = <-from[7]:
			}
			sum += message
		}
	})
	expect(sum == messages*(messages/8-1)/2)
	print("fan-in", ns, "ns")
}

// A look at a channel that has nothing.
func selectDefault() {
	const times = 50_000_000
	channel := make(chan int)
	looks := 0
	ns := nsEach(times, func() {
		for i := 0; i < times; i++ {
			select {
			case <-channel:
			default:
				looks++
			}
		}
	})
	expect(looks == times)
	print("select-default", ns, "ns")
}

// A filter for each prime takes the numbers of the one before; it ends when done is closed.
func filter(done <-chan struct{}, in <-chan int, out chan<- int, prime int) {
	for {
		var number int
		select {
		case number = <-in:
		case <-done:
			return
		}
		if number%prime == 0 {
			continue
		}
		select {
		case out <- number:
		case <-done:
			return
		}
	}
}

func sieve() {
	const primes, sieves = 500, 10
	lastPrime := func() int {
		var filters sync.WaitGroup
		done := make(chan struct{})
		numbers := make(chan int)
		filters.Add(1)
		go func(numbers chan<- int) {
			defer filters.Done()
			for number := 2; ; number++ {
				select {
				case numbers <- number:
				case <-done:
					return
				}
			}
		}(numbers)
		prime := 0
		for i := 0; i < primes; i++ {
			prime = <-numbers
			next := make(chan int)
			filters.Add(1)
			go func(in <-chan int, prime int) {
				defer filters.Done()
				filter(done, in, next, prime)
			}(numbers, prime)
			numbers = next
		}
		close(done)
		filters.Wait()
		return prime
	}
	expect(lastPrime() == 3_571) // the first one gets the memory
	print("sieve", nsEach(primes*sieves, func() {
		for i := 0; i < sieves; i++ {
			lastPrime()
		}
	}), "ns")
}

// Sends the sum of the numbers from first on, count of them; a goroutine for each tenth of them adds its own.
func skynet(parent chan<- int, first, count int) {
	if count == 1 {
		parent <- first
		return
	}
	sums := make(chan int)
	tenth := count / 10
	for i := 0; i < 10; i++ {
		go skynet(sums, first+i*tenth, tenth)
	}
	sum := 0
	for i := 0; i < 10; i++ {
		sum += <-sums
	}
	parent <- sum
}

func skynetMillion() {
	const leaves = 1_000_000
	result := make(chan int)
	sum := 0
	ns := nsEach(leaves, func() {
		go skynet(result, 0, leaves)
		sum = <-result
	})
	expect(sum == leaves*(leaves-1)/2)
	print("skynet", ns, "ns")
	print("skynet memory", float64(peakResidentBytes())/(1<<20), "MiB")
}

// A tree of contexts is made, a goroutine waits at each leaf, the root is cancelled, and all of them end.
func contextTree() {
	const contexts, fanOut, trees = 10_000, 10, 10
	type cancellable struct {
		context context.Context
		cancel  context.CancelFunc
	}
	withCancel := func(parent context.Context) cancellable {
		context, cancel := context.WithCancel(parent)
		return cancellable{context, cancel}
	}
	tree := func() {
		var arriving, leaves sync.WaitGroup
		all := make([]cancellable, 0, contexts)
		all = append(all, withCancel(context.Background()))
		for len(all) < contexts {
			all = append(all, withCancel(all[(len(all)-1)/fanOut].context))
		}
		for _, leaf := range all[contexts/fanOut:] {
			arriving.Add(1)
			leaves.Add(1)
			go func(context context.Context) {
				defer leaves.Done()
				arriving.Done()
				<-context.Done()
			}(leaf.context)
		}
		arriving.Wait()
		all[0].cancel()
		leaves.Wait()
		for _, each := range all {
			each.cancel()
		}
	}
	tree() // the first one gets the memory
	print("context-tree", nsEach(contexts*trees, func() {
		for i := 0; i < trees; i++ {
			tree()
		}
	}), "ns")
}

var benchmarks = []benchmark{
	{"ping-pong", pingPong},
	{"stream", stream},
	{"ring", ring},
	{"buffered", buffered},
	{"uncontended", uncontended},
	{"fan-in", fanIn},
	{"select-default", selectDefault},
	{"sieve", sieve},
	{"skynet", skynetMillion},
	{"context-tree", contextTree},
}
