package plan_test

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
)

func TestFilesAreStaleForOneReason(t *testing.T) {
	whole := plan.FileStatus{Addr: addr.DataBlock("encrypt", "f"), Path: "f.enc", OutputExists: true, OutputReadable: true}
	with := func(change func(*plan.FileStatus)) plan.FileStatus { f := whole; change(&f); return f }
	tests := []struct {
		status plan.FileStatus
		want   plan.Action
		reason string
	}{
		{whole, plan.NoOp, ""},
		{with(func(f *plan.FileStatus) { f.OutputExists = false }), plan.Create, "the file does not exist"},
		{with(func(f *plan.FileStatus) { f.OutputExists, f.Unknown = false, "key" }), plan.Create, "the file does not exist"},
		{with(func(f *plan.FileStatus) { f.OutputReadable = false }), plan.Update, "the file is not a whole envelope"},
		{with(func(f *plan.FileStatus) { f.Unknown = "context" }), plan.Update, "its context is known after apply"},
		{with(func(f *plan.FileStatus) { f.KeyMissing = true }), plan.Update, "its key does not exist yet"},
		{with(func(f *plan.FileStatus) { f.KeyMissing, f.Unknown = true, "key" }), plan.Update, "its key is known after apply"},
		{with(func(f *plan.FileStatus) { f.SourceChanged = true }), plan.Update, "source changed"},
		{with(func(f *plan.FileStatus) { f.KeyChanged, f.KeyVersionChanged = true, true }), plan.Update, "key changed"},
		{with(func(f *plan.FileStatus) { f.KeyVersionChanged = true }), plan.Update, "key version changed"},
		{with(func(f *plan.FileStatus) { f.ContextChanged = true }), plan.Update, "context changed"},
		{with(func(f *plan.FileStatus) { f.RecipientsChanged = true }), plan.Update, "recipients changed"},
	}
	for _, test := range tests {
		in := newWorld(t).input(config(t, ""))
		in.Files = []plan.FileStatus{test.status}
		p, diags := plan.Calculate(in)
		fatalErrors(t, diags)
		if got := p.Files[0]; got.Action != test.want || got.Reason != test.reason {
			t.Errorf("%+v: got %s %q", test.status, got.Action.Sign(), got.Reason)
		}
		if p.Empty() != (test.want == plan.NoOp) {
			t.Errorf("%+v: empty = %v", test.status, p.Empty())
		}
	}
}

// An address survives as a tag value: allowed characters only, one per address.
func TestAddressTag(t *testing.T) {
	long := addr.Resource("key", "k").WithKey(string(make([]byte, 200)))
	for want, a := range map[string]addr.Address{
		"key.orders":               addr.Resource("key", "orders"),
		"key.orders=5B=22eu=22=5D": addr.Resource("key", "orders").WithKey("eu"),
		"key.orders=5B3=5D":        addr.Resource("key", "orders").WithIndex(3),
	} {
		if got := plan.AddressTag(a); got != want {
			t.Errorf("%s: %s", a, got)
		}
		if got := plan.TaggedAddress(want); got != a.String() {
			t.Errorf("%s is read as %s", want, got)
		}
	}
	for _, tag := range []string{"", "sha256:00", "key.orders=5", "key.=0Aorders", "100%"} {
		if got := plan.TaggedAddress(tag); got != tag {
			t.Errorf("%q, which is no address, is read as %q", tag, got)
		}
	}
	if got := plan.AddressTag(long); len(got) != len("sha256:")+64 {
		t.Errorf("a long address: %s", got)
	}
}
