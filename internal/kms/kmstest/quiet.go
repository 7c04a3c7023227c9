package kmstest

import (
	"io"
	"log"
)

// Quiet is a log that nobody reads, for servers that are meant to fail.
func Quiet() *log.Logger { return log.New(io.Discard, "", 0) }
