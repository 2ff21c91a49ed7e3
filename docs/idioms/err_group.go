// Three tasks; the first error ends the others.
package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

//! [part]

type group struct {
	wg     sync.WaitGroup
	once   sync.Once
	cancel context.CancelFunc
	err    error
}

func (g *group) run(f func() error) {
	g.wg.Add(1)
	go func() {
		defer g.wg.Done()
		if err := f(); err != nil {
			g.once.Do(func() { g.err = err; g.cancel() })
		}
	}()
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	g := group{cancel: cancel}
	wait := func() error { <-ctx.Done(); return ctx.Err() }
	g.run(wait)
	g.run(func() error { return errors.New("disk full") })
	g.run(wait)
	g.wg.Wait()
	fmt.Println("first error:", g.err)
}

//! [part]
