// Package failpoint names the instants at which a crash test ends the process:
// before and after each write, sync, rename and call. In a normal build a point does nothing. Tests
// inject a Hook; a binary built with -tags failpoint takes its point from the environment
// (KMSPLAN_FAILPOINT=name:n ends the process with status 137 at the n-th hit of that name, "*:n" at the n-th
// hit of any).
//
// It imports nothing of ours. Start reading at Hook.
package failpoint
