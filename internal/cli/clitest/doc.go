// Package clitest runs scripts of commands against the real program: each line is a process of its own, over real TLS to the
// embedded emulator. It has the words that such scripts use beside kmsplan itself, and the search for a secret in what they leave.
//
// It is for tests alone, and knows the program only as the function it is handed. Start reading at Main, then at Scripts.
package clitest
