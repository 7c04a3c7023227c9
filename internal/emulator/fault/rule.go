package fault

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Rule is one fault and what it applies to. An empty field matches everything.
type Rule struct {
	ID        int    `json:"id"` // given by Add
	Gateway   string `json:"gateway,omitempty"`
	Operation string `json:"operation,omitempty"`
	Key       string `json:"key,omitempty"`
	Caller    string `json:"caller,omitempty"` // AccessKey or ClientKey id
	Action    Name   `json:"action"`
	Argument  string `json:"argument,omitempty"` // see the actions
	After     int    `json:"after,omitempty"`    // let so many matching calls pass first
	Times     int    `json:"times,omitempty"`    // act on so many calls; 0 = once, -1 = always

	Seen  int `json:"seen"`  // matching calls so far
	Fired int `json:"fired"` // how often it acted
}

// Event is a call as rules see it. On a connection only Gateway is known.
type Event struct {
	Gateway, Operation, Key, Caller string
}

func (r *Rule) matches(e Event) bool {
	for _, pair := range [][2]string{{r.Gateway, e.Gateway}, {r.Operation, e.Operation}, {r.Key, e.Key}, {r.Caller, e.Caller}} {
		if pair[0] != "" && pair[0] != pair[1] {
			return false
		}
	}
	return true
}

// due counts a matching call and tells whether the rule acts on it.
func (r *Rule) due() bool {
	r.Seen++
	if r.Seen <= r.After || r.spent() {
		return false
	}
	r.Fired++
	return true
}

func (r *Rule) spent() bool { return r.Times >= 0 && r.Fired >= max(r.Times, 1) }

// Label is the value of the x-kmsplan-fault header.
func (r *Rule) Label() string {
	if r.Argument == "" {
		return string(r.Action)
	}
	return string(r.Action) + "=" + r.Argument
}

// duration is a checked argument; negative only for ClockSkew.
func (r *Rule) duration() time.Duration {
	d, _ := time.ParseDuration(r.argument())
	return d
}

func (r *Rule) number() int {
	n, _ := strconv.Atoi(r.argument())
	return n
}

// rejection splits Code/status.
func (r *Rule) rejection() (status int, name string) {
	name, text, found := strings.Cut(r.argument(), "/")
	if !found {
		return statusOf(name), name
	}
	status, _ = strconv.Atoi(text)
	return status, name
}

func (r *Rule) argument() string {
	if r.Argument == "" {
		return actions[r.Action].standard
	}
	return r.Argument
}

// maxWait bounds every delay, so that no fault blocks a test run for good.
const maxWait = time.Hour

// check refuses an argument that the action cannot take.
func (r *Rule) check() error {
	s := actions[r.Action]
	if r.Argument != "" && s.argument == none {
		return fmt.Errorf("action %s takes no argument, got %q", r.Action, r.Argument)
	}
	switch s.argument {
	case duration:
		d, err := time.ParseDuration(r.argument())
		if err != nil || d.Abs() > maxWait || d < 0 && r.Action != ClockSkew {
			return fmt.Errorf("action %s=%s: want a duration such as 2s, at most %s", r.Action, r.argument(), maxWait)
		}
	case number:
		n, err := strconv.Atoi(r.argument())
		if err != nil || n < 0 || n > 1<<20 || n == 0 && r.Action != Truncate {
			return fmt.Errorf("action %s=%s: want a whole number from 1 to %d", r.Action, r.argument(), 1<<20)
		}
		if r.Action == HTML && (n < 200 || n > 599) {
			return fmt.Errorf("action html=%d: want an HTTP status from 200 to 599", n)
		}
	case word:
		if strings.ContainsAny(r.Argument, " \"<>\r\n") {
			return fmt.Errorf("action %s=%s: want a name or an id", r.Action, r.Argument)
		}
		if _, known := arnParts[r.argument()]; r.Action == WrongARN && !known {
			return fmt.Errorf("action wrong-arn=%s: want account or region", r.Argument)
		}
	case code:
		if status, name := r.rejection(); name == "" || strings.ContainsAny(name, " \"<>\r\n") || status < 400 || status > 599 {
			return fmt.Errorf("action %s=%s: want a code, or code/status with a status from 400 to 599", r.Action, r.argument())
		}
	}
	if r.After < 0 || r.Times < -1 {
		return fmt.Errorf("after %d, times %d: want counts from 0, or times -1 for always", r.After, r.Times)
	}
	return nil
}
