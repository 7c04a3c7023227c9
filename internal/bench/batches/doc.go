// Package batches tries the batches of kmsplan as they are used: the program itself, its workers in processes of their own that
// are killed and started again, over real stores and a database that restarts, under one quota that the emulator watches. The
// stores count what is written to them, so that what kmsplan says of itself is not asked.
//
// It imports whatever it tries, and nothing imports it. Start reading at TestBatchesOnRealServers in trial_test.go.
package batches
