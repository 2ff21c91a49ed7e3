// What figures.cpp beside this file does, as far as Go has it: an event queue of its own, since its clock cannot be moved, and a
// file that is synced after each record.
//
// `make bench C=04` runs both and compares them; common/bench/measure.go says how is measured.
package main

import (
	"container/heap"
	"os"
	"path/filepath"
	"time"
)

const sleepers = 10
const wakings = 200_000

type event struct {
	at      time.Duration
	arrival int
	fire    func()
}

type queue []event

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].arrival < q[j].arrival
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(event)) }
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// Events without goroutines: each sets the next one.
func kernel() {
	ns := nsEach(sleepers*wakings, func() {
		events := &queue{}
		arrivals := 0
		at := time.Duration(0)
		push := func(after time.Duration, fire func()) {
			arrivals++
			heap.Push(events, event{at + after, arrivals, fire})
		}
		for sleeper := 0; sleeper < sleepers; sleeper++ {
			pause := 50*time.Millisecond + time.Duration(sleeper)*time.Millisecond
			left := wakings
			var wake func()
			wake = func() {
				if left--; left > 0 {
					push(pause, wake)
				}
			}
			push(pause, wake)
		}
		for events.Len() > 0 {
			next := heap.Pop(events).(event)
			at = next.at
			next.fire()
		}
	})
	print("kernel", 1e3/ns, "M/s")
}

const recordBytes = 256
const alone = 1000

// A record, a sync.
func journal() {
	program, err := os.Executable()
	if err != nil {
		panic(err)
	}
	file, err := os.CreateTemp(filepath.Dir(program), "journal.*") // beside it: /tmp may be no disk
	if err != nil {
		panic(err)
	}
	defer os.Remove(file.Name())
	record := make([]byte, recordBytes)
	begin := time.Now()
	for i := 0; i < alone; i++ {
		if _, err := file.Write(record); err != nil {
			panic(err)
		}
		if err := file.Sync(); err != nil {
			panic(err)
		}
	}
	print("journal alone", alone/time.Since(begin).Seconds()/1000, "k/s")
}

var benchmarks = []benchmark{{"kernel", kernel}, {"journal", journal}}
