// A crawler works until its caller has enough.
package main

import (
	"context"
	"errors"
	"fmt"
)

//! [part]

func crawl(ctx context.Context, pages chan<- int) error {
	for page := 1; ; page++ {
		select {
		case pages <- page:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	pages, end := make(chan int), make(chan error, 1)
	go func() { end <- crawl(ctx, pages) }()
	fmt.Println("page", <-pages)
	fmt.Println("page", <-pages)
	cancel()
	canceled := errors.Is(<-end, context.Canceled)
	fmt.Println("canceled:", canceled)
}

//! [part]
