// Package bench measures kmsplan as its users run it: real processes, real TLS, real files. Each
// benchmark is one row of the figures that docs/benchmarks.md publishes, with its peer beside it where that can be
// run here. CPU time and peak memory are the measured process's own (getrusage); they stay comparable on a machine that has
// other work, wall time does not. Nothing here asserts a time.
//
//	go test -run '^$' -bench . -benchtime 1x -count 5 ./internal/bench
//
// Start reading at program_test.go.
package bench
