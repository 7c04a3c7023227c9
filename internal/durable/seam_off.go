//go:build !failpoint

package durable

func fromEnvironment(Op) error { return nil }
