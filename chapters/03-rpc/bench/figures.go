// What calls cost with Go's net/rpc; figures.cpp beside this file makes the same calls in C++.
//
// `make bench C=03` runs both and compares them; server_process.hpp says how is measured.
package main

import (
	"bufio"
	"fmt"
	"net"
	"net/rpc"
	"os"
	"os/exec"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// How much is done, as in server_process.hpp.
const (
	small         = 64
	large         = 1024 * 1024
	warmUp        = 1_000
	oneAtATime    = 10_000
	inFlight      = 64
	manyCalls     = 60_000
	largeInFlight = 4
	largeCalls    = 400
)

type Payload struct{ Bytes []byte }

type Echo struct{}

func (Echo) Echo(payload Payload, answer *Payload) error {
	*answer = payload
	return nil
}

// A benchmark that computes something wrong has measured nothing.
func expect(right bool) {
	if !right {
		panic("wrong")
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// Serves calls until it is killed.
func serve() {
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	if err := rpc.Register(Echo{}); err != nil {
		panic(err)
	}
	fmt.Println("listens at", listener.Addr())
	rpc.Accept(listener)
}

// This program once more, as a server; and what ends it.
func startServer() (address string, end func()) {
	server := exec.Command("/proc/self/exe", "serve")
	server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	output := must(server.StdoutPipe())
	if err := server.Start(); err != nil {
		panic(err)
	}
	line := must(bufio.NewReader(output).ReadString('\n'))
	address = strings.TrimSpace(strings.TrimPrefix(line, "listens at "))
	return address, func() {
		server.Process.Kill()
		server.Wait()
	}
}

type caller struct{ client *rpc.Client }

func dial(address string) caller { return caller{must(rpc.Dial("tcp", address))} }

func (caller caller) call(payload Payload) {
	var answer Payload
	err := caller.client.Call("Echo.Echo", payload, &answer)
	expect(err == nil && len(answer.Bytes) == len(payload.Bytes))
}

// Makes count calls, inFlight at a time.
func (caller caller) callMany(count, inFlight int, payload Payload) {
	left := int64(count)
	var callers sync.WaitGroup
	for i := 0; i < inFlight; i++ {
		callers.Add(1)
		go func() {
			defer callers.Done()
			for atomic.AddInt64(&left, -1) >= 0 {
				caller.call(payload)
			}
		}()
	}
	callers.Wait()
}

// How often this process, and those that it has started and that have ended, gave a processor away to wait.
func switches() int64 {
	var children syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &children); err != nil {
		panic(err)
	}
	return resources().Nvcsw + children.Nvcsw
}

func unary() {
	before := switches()
	address, end := startServer()
	caller := dial(address)
	payload := Payload{make([]byte, small)}
	for i := 0; i < warmUp; i++ {
		caller.call(payload)
	}
	times := make([]float64, oneAtATime)
	for i := range times {
		begin := time.Now()
		caller.call(payload)
		times[i] = float64(time.Since(begin).Nanoseconds()) / 1e3
	}
	sort.Float64s(times)
	end()
	print("unary", times[len(times)/2], "µs")
	print("unary switches", float64(switches()-before)/(oneAtATime+warmUp), "")
}

func manyInFlight() {
	address, end := startServer()
	defer end()
	caller := dial(address)
	payload := Payload{make([]byte, small)}
	caller.callMany(warmUp, inFlight, payload)
	begin := time.Now()
	caller.callMany(manyCalls, inFlight, payload)
	print("in-flight", manyCalls/time.Since(begin).Seconds()/1e3, "k/s")
}

func largePayloads() {
	address, end := startServer()
	defer end()
	caller := dial(address)
	payload := Payload{make([]byte, large)}
	caller.callMany(largeInFlight, largeInFlight, payload)
	begin := time.Now()
	caller.callMany(largeCalls, largeInFlight, payload)
	print("large", largeCalls*large/time.Since(begin).Seconds()/1e6, "MB/s")
}

var benchmarks = []benchmark{
	{"unary", unary},
	{"in-flight", manyInFlight},
	{"large", largePayloads},
}

// The server's role, which main() of measure.go does not know.
func init() {
	if len(os.Args) == 2 && os.Args[1] == "serve" {
		serve()
	}
}
