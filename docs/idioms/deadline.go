// A query that may take five milliseconds, and its part, which may take an hour.
package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

//! [part]

func query(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Hour)
	defer cancel()
	answer := make(chan string) // which never comes
	select {
	case <-answer:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func main() {
	ctx, cancel := context.WithTimeout(
		context.Background(), 5*time.Millisecond)
	defer cancel()
	late := errors.Is(query(ctx), context.DeadlineExceeded)
	fmt.Println("too late:", late)
}

//! [part]
