package page

import (
	"net"
	"net/netip"
	"strings"

	"kmsplan.dev/kmsplan/internal/safety"
)

// known reports whether a request's Host is the page's: of the loopback interface, or one it was started with. A page of
// another site whose name was pointed at this machine has that site's name there, and would read and change as if it were
// ours.
func (p *Page) known(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.ToLower(strings.Trim(name, "[]"))
	return loopback(name) || p.hosts[name] || safety.Off(safety.PageHost)
}

// loopback reports whether a name or address is of the loopback interface, whatever a resolver says.
func loopback(name string) bool {
	if name == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(name)
	return err == nil && a.Unmap().IsLoopback()
}
