// Package pattern holds regular expressions that are compiled when they are first asked. A package's variables are made in
// every process that has the package in it, and most processes ask few of their patterns.
//
// It imports nothing of ours, and every package may import it.
package pattern
