// Package trial runs a module's tests: files of runs, each a plan or an apply against emulators of its own, with what is
// expected of it. Nothing of the service is called and nothing of the module is written.
//
// It imports stack and what lies below it, and prints nothing: who shows the results gets them one by one. Start reading at
// File in run.go.
package trial
