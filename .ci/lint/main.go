// Lint runs, in one pass of go vet, the analyzers that vet and staticcheck lack: answers whose body stays open, errors that are
// compared by == or seen and not returned. It is a module of its own, so that what it is built from is not what kmsplan is built
// from.
//
//	go vet -vettool=LINT ./...
package main

import (
	"codeberg.org/polyfloyd/go-errorlint/errorlint"
	"github.com/gostaticanalysis/nilerr"
	"github.com/timakin/bodyclose/passes/bodyclose"
	"golang.org/x/tools/go/analysis/unitchecker"
)

func main() {
	unitchecker.Main(bodyclose.Analyzer, nilerr.Analyzer, errorlint.NewAnalyzer())
}
