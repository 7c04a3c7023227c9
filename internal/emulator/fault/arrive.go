package fault

import (
	"net/http"
	"time"
)

// Arrive applies a rule of the stage OnArrival. It returns how far the server's
// clock is off for this request, or done if the request has been dealt with.
func Arrive(w http.ResponseWriter, rule *Rule, d Delivery) (skew time.Duration, done bool) {
	if rule == nil {
		return 0, false
	}
	w.Header().Set(Header, rule.Label())
	status, code := 0, ""
	switch rule.Action {
	case DropBefore:
		d.drop(w)
		return 0, true
	case Outage:
		d.Note(Answer{})
		d.Dialect.Outage(rule.duration())
		Drop(w)
		return 0, true
	case ClockSkew:
		return rule.duration(), false
	case Redirect:
		w.Header().Set("Location", "https://redirected.invalid/")
		status, code = http.StatusFound, "Redirected"
	case TooLarge:
		status, code = http.StatusRequestEntityTooLarge, "RequestEntityTooLarge"
	case URITooLong:
		status, code = http.StatusRequestURITooLong, "RequestURITooLong"
	}
	d.send(w, d.Dialect.Refuse(status, code, "Injected by a fault rule."))
	return 0, true
}
