package apply_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/remote/placetest"
)

// distant is a Place that takes longer to write than the service takes to answer, however loaded the machine is: it
// writes when the service has had nothing to do for a moment.
type distant struct {
	remote.Place
	service *emulator.Server
	writes  atomic.Int64
}

const moment = 2 * time.Millisecond

func (d *distant) write() {
	d.writes.Add(1)
	poll := time.NewTicker(moment)
	defer poll.Stop()
	before, _ := d.service.Calls().Total()
	for range poll.C {
		now, _ := d.service.Calls().Total()
		if now == before {
			return
		}
		before = now
	}
}

func (d *distant) Swap(ctx context.Context, old remote.Revision, head []byte) (remote.Revision, error) {
	d.write()
	return d.Place.Swap(ctx, old, head)
}

func (d *distant) Put(ctx context.Context, name string, object []byte) error {
	d.write()
	return d.Place.Put(ctx, name, object)
}

const manyPairs = `
gateway "dev" {
  region = "cn-hangzhou"
  emulator {}
}
locals {
  names = toset([for i in range(%d) : "app-${i}"])
}
key "app" {
  for_each            = local.names
  description         = each.key
  deletion_protection = true
}
alias "app" {
  for_each = local.names
  name     = "alias/${each.key}"
  key      = key.app[each.key].id
}`

// Calls that are made at once share the writes of their journal: over a store that is slower than the service, four calls of
// KMS cost at most one write.
func TestFourCallsCostOneWriteOfTheStore(t *testing.T) {
	pairs := 200
	if testing.Short() {
		pairs = 40
	}
	server := emulatortest.New(t)
	ready, err := json.Marshal(server.Ready())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string][]byte{readyName: ready, "main.kms.hcl": fmt.Appendf(nil, manyPairs, pairs)} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	e, err := openEmulated(dir, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	place := &distant{Place: placetest.NewMemory(), service: server}
	e.work.Store = remote.New(place, remote.Options{})
	p, err := e.plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	before, _ := server.Calls().Total()
	place.writes.Store(0)
	report, err := apply.Run(t.Context(), apply.Input{Work: e.work, Plan: p})
	if err != nil || report.Added != 2*pairs {
		t.Fatalf("%d objects were created: %v", report.Added, err)
	}
	after, _ := server.Calls().Total()
	calls, writes := after-before, place.writes.Load()
	t.Logf("%d calls of KMS, %d writes of the store", calls, writes)
	if calls < uint64(4*writes) {
		t.Errorf("%d writes of the store for %d calls of KMS, which is more than one for four", writes, calls)
	}
}
