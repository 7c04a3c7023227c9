package fault

import (
	"net/http"
	"strconv"
	"time"
)

// Header marks an answer that a fault changed or made up.
const Header = "x-kmsplan-fault"

// What an answer names instead of its own key or key version when a rule says
// no more: there is neither.
const (
	NoSuchKey     = "key-kmsplannosuchkey"
	NoSuchVersion = "00000000-0000-4000-8000-000000000000"
)

// Answer is a whole HTTP answer.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	Code   string // the error code inside, for the log

	// Alter renders the answer again with changed members; nil for refusals.
	Alter func(change func(Members)) Answer
}

// Write sends the answer.
func (a Answer) Write(w http.ResponseWriter) {
	a.copyHeader(w)
	w.Header().Set("Content-Length", strconv.Itoa(len(a.Body)))
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body) // a client that is gone needs no answer
}

func (a Answer) copyHeader(w http.ResponseWriter) {
	for name, values := range a.Header {
		w.Header()[name] = values
	}
}

// Dialect is how one gateway speaks, so that made-up answers look like its own.
type Dialect struct {
	Refuse    func(status int, code, message string) Answer
	Malformed func(Answer) Answer // break the body
	Storm     func(d string)      // throttle everybody
	Outage    func(time.Duration) // cut and refuse connections
}
