package hcl

import (
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
)

// What a condition says, for what is known of its object. Nothing sensitive is in a message, and nothing panics.
func TestConditions(t *testing.T) {
	for _, c := range []struct {
		name, condition, message string
		status                   Status
		want                     string
	}{
		{"true", `self.id == "key-1"`, `"x"`, Passed, ""},
		{"true as a text", `"true"`, `"x"`, Passed, ""},
		{"false", `self.id == "key-2"`, `"It is ${self.id}."`, Failed, "It is key-1."},
		{"unknown", `self.arn == "a"`, `"x"`, Undecided, ""},
		{"unknown, and false all the same", `self.arn == "a" && false`, `"x"`, Failed, "x"},
		{"null", `null`, `"x"`, Errored, "null"},
		{"no truth value", `"maybe"`, `"x"`, Errored, "neither true nor false"},
		{"a list", `[true]`, `"x"`, Errored, "neither true nor false"},
		{"not to be evaluated", `regex("a", self.id) == "a"`, `"x"`, Errored, "cannot be evaluated"},
		{"sensitive and true", `length(var.secret) == 15`, `"x"`, Passed, ""},
		{"sensitive in the message", `false`, `"It is ${var.secret}."`, Failed, "holds a sensitive value"},
		{"sensitive deep in the message", `false`, `jsonencode({ a = [var.secret] })`, Failed, "holds a sensitive value"},
		{"sensitive in an error", `tonumber(var.secret) == 1`, `"x"`, Errored, "withheld"},
		{"message not known", `false`, `"It is ${self.arn}."`, Failed, "known after apply"},
		{"message is null", `false`, `null`, Failed, "does not hold"},
		{"message is a list", `false`, `["a"]`, Failed, "no text"},
		{"message not to be evaluated", `false`, `regex("a", "b")`, Failed, "error_message cannot be evaluated"},
		{"each", `each.key == "eu"`, `each.key`, Passed, ""},
		{"a number as message", `false`, `12`, Failed, "12"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := mustLoad(t, dev+`
variable "secret" {
  default   = "hunter2-canary!"
  sensitive = true
}
key "k" {
  for_each = toset(["eu"])
  lifecycle {
    postcondition {
      condition     = `+c.condition+`
      error_message = `+c.message+`
    }
  }
}
`, Inputs{})
			a := addr.Resource("key", "k").WithKey("eu")
			objects := NewObjectMap()
			objects.Set(a, keyNamed("key-1"))
			got := cfg.Verdicts(a, objects, Precondition, Postcondition)
			if len(got) != 1 || got[0].Status != c.status || !strings.Contains(got[0].Message, c.want) || got[0].Range.Filename != "main.kms.hcl" {
				t.Errorf("%+v, want %s with %q", got, c.status, c.want)
			}
			if strings.Contains(got[0].Message, "hunter2") {
				t.Errorf("a secret is shown: %s", got[0].Message)
			}
		})
	}
}

// A block comes after what its conditions refer to, and its values come through the outputs of modules that promise something.
func TestConditionsAreDependencies(t *testing.T) {
	c := called(t, `
module "m" { source = "./modules/m" }
key "first" {}
key "second" {
  lifecycle {
    precondition {
      condition     = key.first.enabled
      error_message = "x"
    }
  }
}
alias "a" {
  name = "alias/a"
  key  = module.m.id
}
output "id" { value = module.m.id }
check "c" {
  assert {
    condition     = alias.a.name == "alias/a"
    error_message = "x"
  }
}
`, "modules/m/main.kms.hcl", `
key "k" {}
output "id" {
  value = key.k.id
  precondition {
    condition     = key.k.enabled
    error_message = "The key is disabled."
  }
}
`)
	if got := c.DependsOn(addr.Resource("key", "second")); len(got) != 1 || got[0].String() != "key.first" {
		t.Errorf("key.second depends on %v", got)
	}
	for _, from := range []addr.Address{addr.Resource("alias", "a"), addr.Resource(OutputKind, "id")} {
		if got := c.Promises(from); len(got) != 1 || got[0].String() != "module.m.output.id" {
			t.Errorf("%s comes through %v", from, got)
		}
	}
	if got := c.Conditioned(); len(got) != 2 || got[0].String() != "check.c" || got[1].String() != "module.m.output.id" {
		t.Errorf("conditioned: %s", got)
	}
	if got := c.Verdicts(addr.Resource(OutputKind, "id"), nil); len(got) != 0 {
		t.Errorf("an output without conditions: %v", got)
	}
	objects := NewObjectMap()
	key := keyNamed("key-1").AsValueMap()
	key["enabled"] = cty.False
	m := addr.Resource("key", "k")
	m.Module = "module.m"
	objects.Set(m, cty.ObjectVal(key))
	if got := c.Verdicts(c.Promises(addr.Resource("alias", "a"))[0], objects); len(got) != 1 || got[0].Status != Failed {
		t.Errorf("the promise: %+v", got)
	}
	if gone := c.Destroying(nil); len(gone.Conditioned()) != 0 || gone.HasConditions(addr.Resource("key", "second")) {
		t.Error("a teardown has conditions")
	}
}
