// Package suggest finds the name that was meant by one that does not exist: "did you mean …?". It
// is the only place that decides how near is near enough.
//
// It imports nothing of ours, and everything may import it. Start reading at Nearest.
package suggest
