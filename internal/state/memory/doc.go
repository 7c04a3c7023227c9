// Package memory keeps a state in memory, for the tests of what works on stores. It keeps the whole contract of
// state.Store between the handles of one Place, and can be told to lose an answer or to damage what it holds.
//
// It imports state. Start reading at Place.
package memory
