//go:build !linux

package keycache

import (
	"context"
	"io/fs"
)

// Kept says whether there is a process that keeps data keys on this system.
const Kept = false

func mine(fs.FileInfo) bool { return false }

// Dial connects to no cache: there is none on this system.
func Dial(string) (*Client, error) { return nil, ErrNone }

// Run serves nothing on this system.
func Run(context.Context, string, func()) error { return ErrNone }

// Start starts nothing on this system.
func Start(string, ...string) error { return ErrNone }
