package fault

import (
	"net/http"
	"time"
)

// Arrive applies a rule of the stage OnArrival. It returns how far the server's
// clock is off for this request, or done if the request has been dealt with.
func Arrive(w http.ResponseWriter, rule *Rule, refuse func(status int, code, message string) Answer) (skew time.Duration, done bool, a Answer) {
	if rule == nil {
		return 0, false, a
	}
	w.Header().Set(Header, rule.Label())
	switch rule.Action {
	case DropBefore:
		return 0, true, Drop(w)
	case ClockSkew:
		return rule.duration(), false, a
	case Redirect:
		a = refuse(http.StatusFound, "Redirected", "Injected by a fault rule.")
		if a.Header == nil {
			a.Header = http.Header{}
		}
		a.Header.Set("Location", "https://redirected.invalid/")
	case TooLarge:
		a = refuse(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "Injected by a fault rule.")
	case URITooLong:
		a = refuse(http.StatusRequestURITooLong, "RequestURITooLong", "Injected by a fault rule.")
	}
	return 0, true, write(w, a)
}
