// Package safety names the conditions that keep what kmsplan promises, and takes one of them out when a test asks for that:
// a check that no test misses may as well not be there.
//
// A condition is written `if broken && !safety.Off(safety.Name)`. In a normal build Off is the constant false, which the compiler
// removes with all its traces: nothing is read from the environment, nothing can be switched. A test binary built with -tags
// falsify takes out the safeties that KMSPLAN_FALSIFY names. Table says what each protects and which test must then fail;
// .ci/falsify runs those tests.
//
// It imports nothing, and every package may import it. Start reading at Table.
package safety
