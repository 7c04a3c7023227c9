// Package witness drives the emulator with clients that nobody here wrote: the
// vendor's SDKs in several languages, generations and signature versions,
// unmodified, over real TLS. It is a module of its own, so that none of them is
// a dependency of kmsplan.
//
// Start reading at scenario_test.go, the life that every client of the public
// gateway lives, and client_test.go, which says what a client is. The tests hold
// what each client did against testdata/evidence, from which the table in
// docs/emulator.md is made; go test -update ./... writes it anew. The module may
// import internal/emulator and internal/emulator/evidence, and the clients.
package witness
