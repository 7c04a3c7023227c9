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
