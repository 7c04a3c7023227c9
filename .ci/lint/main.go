// Lint runs, in one pass of go vet, the analyzers that vet and staticcheck lack: answers whose body stays open, and errors that are
// printed where they should be wrapped. It is a module of its own, so that
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
	// Comparing with == and asserting a type are left out: io.EOF, our own sentinels and go-cty's errors come unwrapped by the
	// contracts of their packages.
	errors := errorlint.NewAnalyzer()
	for _, check := range []string{"comparison", "asserts"} {
		if err := errors.Flags.Set(check, "false"); err != nil {
			panic(err)
		}
	}
	unitchecker.Main(bodyclose.Analyzer, errors)
}
