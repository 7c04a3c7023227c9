// Package emulatortest runs an emulator inside a test: the same engine, over
// real TLS on loopback, in memory, closed with the test. Tests of other packages import it; the
// program does not.
//
// It may import the emulator alone. Start reading at New.
package emulatortest
