//go:build unix

package child

import "syscall"

// CanBecome says that this process can become another program.
const CanBecome = true

// Become replaces this process by another program: its number, its terminal, its signals and its end are then that
// program's. It returns only an error.
func Become(path string, argv, env []string) error { return syscall.Exec(path, argv, env) }
