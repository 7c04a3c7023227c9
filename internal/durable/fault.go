package durable

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// faults are the errors a disk gives, by name.
var faults = map[string]error{
	"EIO": syscall.EIO, "ENOSPC": syscall.ENOSPC, "EACCES": syscall.EACCES, "EROFS": syscall.EROFS, "skip": ErrSkip,
}

// ParseFault builds a Seam from a list, separated by commas, of "ERROR:KIND:N": the N-th step of that kind
// ("*" for any) fails with ERROR, and with "N+" every later one too. ERROR is EIO, ENOSPC, EACCES, EROFS or skip
// (skip:lock:1+ is a file system whose locks do nothing). An empty list faults nothing.
func ParseFault(list string) (Seam, error) {
	var all []Seam
	for _, text := range strings.Split(list, ",") {
		if text == "" {
			continue
		}
		seam, err := parseFault(text)
		if err != nil {
			return nil, err
		}
		all = append(all, seam)
	}
	return func(op Op) error {
		for _, seam := range all {
			if err := seam(op); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

func parseFault(text string) (Seam, error) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 || faults[parts[0]] == nil {
		return nil, fmt.Errorf("disk fault %q: write ERROR:KIND:N", text)
	}
	count, on := strings.CutSuffix(parts[2], "+")
	n, err := strconv.ParseInt(count, 10, 64)
	if err != nil || n < 1 {
		return nil, fmt.Errorf("disk fault %q: the third part counts from 1", text)
	}
	var steps atomic.Int64
	return func(op Op) error {
		if parts[1] != "*" && Kind(parts[1]) != op.Kind {
			return nil
		}
		if at := steps.Add(1); at == n || on && at > n {
			return faults[parts[0]]
		}
		return nil
	}, nil
}
