package stack_test

import (
	"fmt"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/state/s3"
	"kmsplan.dev/kmsplan/internal/state/s3/s3test"
)

// onS3 is a module with two keys, one of which has an alias, whose state lies there.
func onS3(o s3.Options) string {
	return fmt.Sprintf(`kmsplan {
  backend "s3" {
    bucket     = %q
    key        = %q
    endpoint   = %q
    path_style = true
    ca_file    = %q
  }
  encryption {
    enabled = false
  }
}
key "a" {}
key "b" {}
alias "a" {
  name = "alias/a"
  key  = key.a.id
}
`, o.Bucket, o.Key, o.Endpoint, o.CAFile)
}

// The server dies after each write of an apply, one after the other, before it answers: the apply itself, or else the next one
// on another machine, ends with each key there once and known.
func TestAnS3ServerThatDiesBetweenWriteAndAnswer(t *testing.T) {
	service, store := emulatortest.New(t), s3test.Start(t)
	step, points := 1, 0
	if testing.Short() {
		step = 5
	}
	for n, died := 1, true; died; n += step {
		module := onS3(store.Options(fmt.Sprint("stack-", n)))
		first := machineOn(t, emptied(t, service), module)
		if _, err := stack.Init(t.Context(), first.module(), first.options, stack.Backend{}); err != nil {
			t.Fatal(err)
		}
		deaths := store.Deaths()
		store.DieAt(n)
		err := first.tryApply(t.Context())
		store.DieAt(0)
		if died = store.Deaths() > deaths; err != nil {
			t.Errorf("write %d: the apply did not go on when the server was there again: %v", n, err)
		}
		second := machineOn(t, service, module)
		if _, err := stack.Init(t.Context(), second.module(), second.options, stack.Backend{}); err != nil {
			t.Fatal(err)
		}
		if err := second.tryApply(t.Context()); err != nil {
			t.Errorf("write %d: the next apply: %v", n, err)
		}
		if second.settled(2, 1, 3); t.Failed() {
			t.Fatalf("the server died after write %d", n)
		}
		points++
	}
	t.Logf("the server died after each of %d writes of an apply; two keys and an alias each time", points-1)
}
