//go:build !linux

package scratch

import "os"

// Bases are where private directories may be made. This system has no directory in memory that every user may use.
func Bases(func(string) string) []string { return []string{os.TempDir()} }

func inMemory(string) bool { return false }
