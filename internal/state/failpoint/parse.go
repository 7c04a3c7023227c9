package failpoint

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
)

// Parse builds the Hook that calls die at the n-th hit of a point, from "name:n"
// or "*:n". An empty spec gives a nil Hook.
func Parse(spec string, die func()) (Hook, error) {
	if spec == "" {
		return nil, nil
	}
	name, count, ok := strings.Cut(spec, ":")
	n, err := strconv.ParseInt(count, 10, 64)
	if !ok || err != nil || n < 1 || name == "" {
		return nil, fmt.Errorf("failpoint %q: write name:n with n at least 1", spec)
	}
	var hits atomic.Int64
	return func(at string) {
		if (name == "*" || name == at) && hits.Add(1) == n {
			die()
		}
	}, nil
}
