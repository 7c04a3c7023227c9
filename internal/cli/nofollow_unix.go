//go:build unix

package cli

import "syscall"

// noFollow keeps an opening from following a link that took the name meanwhile.
const noFollow = syscall.O_NOFOLLOW
