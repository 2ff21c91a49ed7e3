// Who asks travels with the request.
package main

import (
	"context"
	"fmt"
)

//! [part]

type userKey struct{}

func greet(ctx context.Context) {
	if user, ok := ctx.Value(userKey{}).(string); ok {
		fmt.Println("hello", user)
	} else {
		fmt.Println("hello stranger")
	}
}

func main() {
	ctx := context.Background()
	greet(ctx)
	greet(context.WithValue(ctx, userKey{}, "ada"))
}

//! [part]
