package control

import (
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
)

// Clock is the virtual clock's state, and what a change of it brought about.
type Clock struct {
	Now    time.Time      `json:"now"`
	Wall   time.Time      `json:"wall"`
	Frozen bool           `json:"frozen"`
	Rate   float64        `json:"rate"`            // virtual seconds per second
	Fired  []engine.Fired `json:"fired,omitempty"` // in order
}

// ClockChange asks for one change.
type ClockChange struct {
	Action string    `json:"action"`        // set, advance, freeze, resume or run
	Time   time.Time `json:"time,omitzero"` // set
	By     string    `json:"by,omitempty"`  // advance: a duration such as 90d, 36h, 1d12h
	Rate   float64   `json:"rate,omitempty"`
}

// Status sums the emulator up; it holds no secret.
type Status struct {
	PID      int       `json:"pid"`
	Started  time.Time `json:"started"`
	Data     string    `json:"data"` // directory, or "memory"
	Auth     string    `json:"auth"`
	Throttle string    `json:"throttle"`
	Strict   bool      `json:"strict"`
	Clock    Clock     `json:"clock"`
	Calls    uint64    `json:"calls"`
	Dropped  uint64    `json:"calls_dropped"` // no longer in the call log
	Faults   int       `json:"faults"`        // rules
	Problem  string    `json:"problem,omitempty"`
}

// CallCount answers a count over the call log.
type CallCount struct {
	Count   int    `json:"count"`
	Dropped uint64 `json:"dropped"` // calls that the log no longer holds
}

// User asks for a RAM user of the emulator's account.
type User struct {
	Name     string   `json:"name"`
	Policies []string `json:"policies"` // JSON documents
}

// UserKey is a RAM user's AccessKey.
type UserKey struct {
	Name            string `json:"name"`
	Principal       string `json:"principal"`
	AccessKeyID     string `json:"access_key_id"`
	AccessKeySecret string `json:"access_key_secret"`
}

// Failure is the body of every refusal of this API.
type Failure struct {
	Error string `json:"error"`
}
