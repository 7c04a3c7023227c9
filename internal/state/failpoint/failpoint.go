// Package failpoint names the instants at which a crash test ends the process:
// before and after each write, sync, rename and call. In a normal build a point does nothing. Tests
// inject a Hook; a binary built with -tags failpoint takes its point from the environment
// (KMSPLAN_FAILPOINT=name:n ends the process with status 137 at the n-th hit of that name, "*:n" at the n-th
// hit of any).
//
// It imports nothing of ours. Start reading at Hook.
package failpoint

// Hook is called with the name of every point passed. It may be called from
// several goroutines at once.
type Hook func(name string)

// Hit passes the point. A nil Hook leaves it to the build tag.
func (h Hook) Hit(name string) {
	if h != nil {
		h(name)
		return
	}
	fromEnvironment(name)
}
