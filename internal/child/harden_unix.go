//go:build unix && !linux

package child

// Harden keeps this process and what it starts from making core dumps. It is best effort.
func Harden() { noCoreDumps() }
