//go:build !unix

package cli

// noFollow has no equal here.
const noFollow = 0
