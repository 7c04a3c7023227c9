// Package crowd checks a store under many real processes: writers that work at once, and runners that are killed and
// followed by others. A process is the test's own binary, run again with the name of the test and where the store lies.
//
// Of ours it imports state and statetest.
package crowd
