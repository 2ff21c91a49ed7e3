// What goroutines cost in Go; figures.cpp beside this file does the same work in C++.
//
// `make bench C=01` runs both and compares them; common/bench/measure.go says how is measured.
package main

import (
	"fmt"
	"runtime"
	"sync"
	"time"
)

// --- what they share -------------------------------------------------------------------------------

// Runs f in count goroutines and waits for them.
func inGoroutines(count int, f func()) {
	var done sync.WaitGroup
	for i := 0; i < count; i++ {
		done.Add(1)
		go func() {
			defer done.Done()
			f()
		}()
	}
	done.Wait()
}

// Goroutines that have started and stand at a gate.
type crowd struct {
	gate, arriving, done sync.WaitGroup
}

// Starts count goroutines; returns when all of them are parked. Behind the gate each runs then(number).
func gather(count int, then func(int)) *crowd {
	c := new(crowd)
	c.gate.Add(1)
	c.arriving.Add(count)
	c.done.Add(count)
	for i := 0; i < count; i++ {
		i := i
		go func() {
			defer c.done.Done()
			c.arriving.Done()
			c.gate.Wait()
			then(i)
		}()
	}
	c.arriving.Wait()
	return c
}

// Opens the gate and waits until all are done.
func (c *crowd) finish() {
	c.gate.Done()
	c.done.Wait()
}

// --- the benchmarks --------------------------------------------------------------------------------

// What a yield costs, from one goroutine to the next.
func yield() {
	const switches = 2_000_000
	for _, goroutines := range []int{2, 1_000} {
		rounds := switches / goroutines
		ns := nsEach(switches, func() {
			inGoroutines(goroutines, func() {
				for i := 0; i < rounds; i++ {
					runtime.Gosched()
				}
			})
		})
		print(fmt.Sprintf("yield %d", goroutines), ns, "ns")
	}
}

// What it costs to start a goroutine and to see it end.
func spawn() {
	const size, batches = 1_000, 1_000
	batch := func() { inGoroutines(size, func() {}) }
	batch() // the first one gets the memory
	ns := nsEach(size*batches, func() {
		for i := 0; i < batches; i++ {
			batch()
		}
	})
	print("spawn", ns, "ns")
}

// What a mutex around an addition costs.
func mutex() {
	var mutex sync.Mutex
	counter := 0
	add := func(times int) {
		for i := 0; i < times; i++ {
			mutex.Lock()
			counter++
			mutex.Unlock()
		}
	}
	const additions = 10_000_000
	print("mutex alone", nsEach(additions, func() { add(additions) }), "ns")
	print("mutex 100", nsEach(additions, func() {
		inGoroutines(100, func() { add(additions / 100) })
	}), "ns")

	// The holder yields, so that all the others come to a locked door.
	const handOffs = 500_000
	print("mutex handoff", nsEach(handOffs, func() {
		inGoroutines(100, func() {
			for i := 0; i < handOffs/100; i++ {
				mutex.Lock()
				counter++
				runtime.Gosched()
				mutex.Unlock()
			}
		})
	}), "ns")
	if counter != 2*additions+handOffs {
		panic("lost an addition")
	}
}

// What a sleep costs when 100,000 others sleep. All are set before the first is due; 100 ns lie between
// two deadlines, which are set in a scattered order.
func timers() {
	const sleepers = 100_000
	var first time.Time
	crowd := gather(sleepers, func(i int) {
		place := i * 7_919 % sleepers
		time.Sleep(time.Until(first.Add(time.Duration(place) * 100)))
	})
	ns := nsEach(sleepers, func() {
		first = time.Now().Add(300 * time.Millisecond)
		crowd.finish()
	})
	print("timers", ns, "ns")
}

// What it costs to start goroutines that all park, to wake them, and to see them end: at first, when their
// stacks are new, and later.
func spawnIdle() {
	const goroutines = 50_000
	round := func() { gather(goroutines, func(int) {}).finish() }
	print("spawn-idle cold", nsEach(goroutines, round), "ns")
	const rounds = 3
	print("spawn-idle warm", nsEach(goroutines*rounds, func() {
		for i := 0; i < rounds; i++ {
			round()
		}
	}), "ns")
}

// What a parked goroutine takes of the memory.
func memory() {
	const goroutines = 100_000
	before := residentBytes()
	crowd := gather(goroutines, func(int) {})
	after := residentBytes()
	print("memory", float64(after-before)/goroutines, "B")
	crowd.finish()
}

// Whether so many goroutines can be alive at once.
func live() {
	const goroutines = 200_000
	finished := 0 // one processor, and no goroutine is pre-empted within ++
	gather(goroutines, func(int) { finished++ }).finish()
	print("live", float64(finished), "")
}

// What a process does while its only goroutine sleeps for a second. One wake-up is the timer's.
func idle() {
	before := resources()
	ns := nsEach(1, func() { time.Sleep(time.Second) })
	after := resources()
	print("idle wake-ups", float64(after.Nvcsw-before.Nvcsw-1), "")
	print("idle time", ns/1e3, "µs")
}

var benchmarks = []benchmark{
	{"yield", yield}, {"spawn", spawn}, {"mutex", mutex}, {"timers", timers},
	{"spawn-idle", spawnIdle}, {"memory", memory}, {"live", live}, {"idle", idle},
}
