// What figures.cpp beside this file does, as far as Go has it: an event queue of its own, since its clock cannot be moved, and
// records that a goroutine writes and syncs for all who wait.
//
// `make bench C=04` runs both and compares them; common/bench/measure.go says how is measured.
package main

import (
	"container/heap"
	"os"
	"path/filepath"
	"sync"
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
const writers = 64
const recordsEach = 1000
const alone = 1000

// The durable write, and the error that this program knows no answer to.
func writeAndSync(file *os.File, bytes []byte) {
	if _, err := file.Write(bytes); err != nil {
		panic(err)
	}
	if err := file.Sync(); err != nil {
		panic(err)
	}
}

func newFile() *os.File {
	program, err := os.Executable()
	if err != nil {
		panic(err)
	}
	file, err := os.CreateTemp(filepath.Dir(program), "journal.*") // beside it: /tmp may be no disk
	if err != nil {
		panic(err)
	}
	return file
}

type request struct {
	record  []byte
	durable chan struct{}
}

// What has come while the last batch was synced is the next batch.  Returns how many there were.
func commit(file *os.File, requests <-chan request) (batches int) {
	for first := range requests {
		batch := append([]byte(nil), first.record...)
		waiting := []chan struct{}{first.durable}
		for more := true; more; {
			select {
			case next, ok := <-requests:
				if more = ok; ok {
					batch = append(batch, next.record...)
					waiting = append(waiting, next.durable)
				}
			default:
				more = false
			}
		}
		writeAndSync(file, batch)
		for _, durable := range waiting {
			durable <- struct{}{}
		}
		batches++
	}
	return batches
}

// So many writers that append so many records each, and wait for each: records a second, and the batches that it took.
func appendAll(writers, recordsEach int) (recordsPerS float64, batches int) {
	file := newFile()
	defer os.Remove(file.Name())
	requests := make(chan request, writers)
	counted := make(chan int)
	go func() { counted <- commit(file, requests) }()
	begin := time.Now()
	var done sync.WaitGroup
	for writer := 0; writer < writers; writer++ {
		done.Add(1)
		go func() {
			defer done.Done()
			record := make([]byte, recordBytes)
			durable := make(chan struct{}, 1)
			for i := 0; i < recordsEach; i++ {
				requests <- request{record, durable}
				<-durable
			}
		}()
	}
	done.Wait()
	recordsPerS = float64(writers*recordsEach) / time.Since(begin).Seconds()
	close(requests)
	return recordsPerS, <-counted
}

// The same bytes in as many writes, each synced: what the device gives.
func bytesPerS(bytes, batches int) float64 {
	file := newFile()
	defer os.Remove(file.Name())
	batch := make([]byte, bytes/batches)
	begin := time.Now()
	for i := 0; i < batches; i++ {
		writeAndSync(file, batch)
	}
	return float64(len(batch)*batches) / time.Since(begin).Seconds()
}

func journal() {
	one, _ := appendAll(1, alone)
	together, batches := appendAll(writers, recordsEach)
	print("journal alone", one/1000, "k/s")
	print("journal together", together/1000, "k/s")
	print("journal gains", together/one, "times")
	print("journal device", together*recordBytes/bytesPerS(writers*recordsEach*recordBytes, batches), "of it")
}

var benchmarks = []benchmark{{"kernel", kernel}, {"journal", journal}}
