// Lint runs, in one pass of go vet, the analyzers that vet and staticcheck lack: answers whose body stays open, errors that are
// told apart by their type without looking inside, or printed where they should be wrapped. It is a module of its own, so that
// what it is built from is not what kmsplan is built from.
//
//	go vet -vettool=LINT ./...
package main

import (
	"codeberg.org/polyfloyd/go-errorlint/errorlint"
	"github.com/timakin/bodyclose/passes/bodyclose"
	"golang.org/x/tools/go/analysis/unitchecker"
)

func main() {
	// Comparing with == is left out: io.EOF and our own sentinels come unwrapped by the contracts of their packages.
	errors := errorlint.NewAnalyzer()
	if err := errors.Flags.Set("comparison", "false"); err != nil {
		panic(err)
	}
	unitchecker.Main(bodyclose.Analyzer, errors)
}
