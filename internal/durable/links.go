package durable

import "kmsplan.dev/kmsplan/internal/safety"

// ManyNames reports whether a file of so many names has others than the one it was opened by, which would keep the old
// content when it is replaced.
func ManyNames(links uint64) bool { return links > 1 && !safety.Off(safety.HardLinks) }
