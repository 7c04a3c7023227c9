// Package statetest holds what every state.Store promises, as one suite that each
// implementation runs.
//
// Start reading at Run.
package statetest
