//go:build !failpoint

package failpoint

func fromEnvironment(string) {}
