//go:build !linux

package durable

// ReleaseImage is of Linux.
func ReleaseImage() {}
