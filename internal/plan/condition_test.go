package plan_test

import (
	"strings"
	"testing"
	"time"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/plan"
)

// conditioned is a key with conditions, its alias, and a key of its own.
const conditioned = `
variable "ok" { default = true }
key "k" {
  description = "new"
  lifecycle {
    precondition {
      condition     = PRE
      error_message = "before"
    }
    postcondition {
      condition     = POST
      error_message = "after ${self.description}"
    }
  }
}
alias "a" {
  name = "alias/a"
  key  = key.k.id
}
key "other" { description = "other" }
`

// A condition that does not hold leaves its object and what depends on it as they are, and nothing else.
func TestConditionsHoldUp(t *testing.T) {
	for _, c := range []struct {
		name, pre, post, first string
		change                 func(*world)
		want                   string // signs of key.k, alias.a, key.other
		held                   string // "" = nothing is
	}{
		{name: "all hold", pre: "true", post: "true", want: "+ + +"},
		{name: "before", pre: "!var.ok", post: "true", want: "_ _ +", held: "before"},
		{name: "after, by what is planned", pre: "true", post: `self.description == "old"`, want: "_ _ +", held: "after new"},
		{name: "after, not known yet", pre: "true", post: `self.id == "x"`, want: "+ + +"},
		{name: "before, of another", pre: `key.other.description == "x"`, post: "true", want: "_ _ +", held: "before"},
		{name: "cannot be evaluated", pre: `regex("a", "b") == "a"`, post: "true", want: "_ _ +", held: "cannot be evaluated"},
		{name: "an update", pre: "false", post: "true", first: `key "k" { description = "old" }`, want: "_ _ +", held: "before"},
		{name: "a rescue goes on", pre: "false", post: "true", first: `key "k" { description = "old" }`, change: func(w *world) {
			w.setState(w.key("key.k"), plan.StatePendingDeletion)
			w.key("key.k").DeleteAt = w.now.Add(48 * time.Hour)
		}, want: "^ _ +", held: "before"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			if c.first != "" {
				w.apply(c.first)
			}
			if c.change != nil {
				c.change(w)
			}
			p := w.plan(config(t, strings.NewReplacer("PRE", c.pre, "POST", c.post).Replace(conditioned)))
			signs := map[string]string{}
			for _, change := range p.Changes {
				signs[change.Addr.String()] = change.Action.Sign()
				if change.Action == plan.NoOp {
					signs[change.Addr.String()] = "_"
				}
				if change.Action == plan.Rescue && len(change.Calls) != 1 {
					t.Errorf("the rescue calls %v", change.Calls)
				}
			}
			if got := signs["key.k"] + " " + signs["alias.a"] + " " + signs["key.other"]; got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			held := plan.Problems(p.Held())
			switch {
			case (c.held == "") != (len(held) == 0):
				t.Errorf("held up: %v", held)
			case c.held != "" && (!strings.Contains(held[0].Detail, c.held) || held[0].Subject.Filename != "main.kms.hcl" || !p.Differs()):
				t.Errorf("held up: %v", held[0])
			}
		})
	}
}

// A check warns and holds up nothing; an output whose precondition does not hold stays as it was.
func TestChecksAndOutputs(t *testing.T) {
	w := newWorld(t)
	src := `
key "k" { description = "a" }
output "d" {
  value = key.k.description
  precondition {
    condition     = key.k.description == "a"
    error_message = "no longer a"
  }
}
check "c" {
  assert {
    condition     = key.k.description == "a"
    error_message = "It is ${key.k.description}."
  }
  assert {
    condition     = key.k.description == "a" || regex("x", "y") == "x"
    error_message = "unused"
  }
}
`
	cfg := config(t, src)
	if p := w.plan(cfg); len(plan.Problems(p.Checks)) != 0 || len(p.Checks) != 2 {
		t.Errorf("%+v", p.Checks)
	}
	w.apply(src)
	w.state.Outputs["d"] = "a"
	p := w.plan(config(t, strings.Replace(src, `description = "a"`, `description = "b"`, 1)))
	if len(p.Outputs) != 0 {
		t.Errorf("the output changes: %+v", p.Outputs)
	}
	status := map[string]plan.Status{}
	for _, c := range p.Checks {
		status[c.Addr.String()] = c.Status
	}
	if status["output.d"] != plan.Failed || status["check.c"] != plan.Errored || len(p.Held()) != 1 {
		t.Errorf("%v", status)
	}
	if p.Changes[0].Action != plan.Update || !p.Changes[0].Diff[0].After.RawEquals(cty.StringVal("b")) {
		t.Errorf("%+v", p.Changes[0])
	}
}
