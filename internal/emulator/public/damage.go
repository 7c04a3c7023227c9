package public

import (
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/fault"
)

// dialect lets fault rules speak like this gateway.
func (h *Handler) dialect(e encoder, gateway engine.Gateway) fault.Dialect {
	return fault.Dialect{
		Refuse: func(status int, code, message string) fault.Answer {
			return e.refusal(&engine.Error{Status: status, Code: code, Message: message})
		},
		Malformed: func(a fault.Answer) fault.Answer { a.Body = append([]byte(`{"RequestId":`), a.Body...); return a },
		Storm:     h.Storm,
		Outage:    func(d time.Duration) { h.Outage(gateway, d) },
	}
}

// alter lets a fault rule change a granted answer's members.
func (e encoder) alter(body []byte, change func(fault.Members)) fault.Answer {
	members, _ := parseObject(string(body)) // the body is our own
	change(members)
	changed, err := marshal(members)
	if err != nil {
		return e.refusal(errInternal())
	}
	return e.granted(changed)
}
