package census_test

import (
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/census"
	"kmsplan.dev/kmsplan/internal/state"
)

func stock() census.Inventory {
	key := func(address, id, spec, usage string, more ...state.Predecessor) state.Resource {
		return state.Resource{Address: address, Kind: "key", ID: id, Gateway: "g", Predecessors: more, Attributes: map[string]any{
			"spec": spec, "usage": usage, "created": "2026-01-01T00:00:00Z", "last_rotation": "2026-03-01T00:00:00Z", "primary_version": "v2",
		}}
	}
	st := state.State{Resources: []state.Resource{
		key("key.a", "a", "Aliyun_AES_256", "ENCRYPT/DECRYPT", state.Predecessor{ID: "before"}),
		key("key.s", "s", "RSA_2048", "SIGN/VERIFY"),
		{Address: "alias.a", Kind: "alias", ID: "alias/a", Attributes: map[string]any{"key": "a"}},
		{Address: "secret.x", Kind: "secret", ID: "x", Attributes: map[string]any{"encryption_key": "a"}},
	}}
	entry := func(path, key, suite, status string) census.Entry {
		return census.Entry{File: state.File{Path: path, KeyID: key, Size: 100}, Suite: suite, Status: status}
	}
	return census.TakeStock(st, []census.Entry{
		entry("1", "a", "AES_256_GCM", census.Current), entry("2", "a", "SM4_GCM", census.Current), entry("3", "foreign", "AES_256_GCM", census.Changed), entry("4", "a", "", census.Missing),
	})
}

func TestTheInventoryHasEveryKey(t *testing.T) {
	in := stock()
	if len(in.Keys) != 4 || len(in.Files) != 4 {
		t.Fatalf("%+v", in)
	}
	a := in.Keys[0]
	if age, ok := a.Age(time.Date(2026, 3, 11, 0, 0, 0, 0, time.UTC)); a.Address != "key.a" || a.Files != 3 || a.Aliases != 1 || a.Secrets != 1 || !ok || age != 10*24*time.Hour {
		t.Errorf("%+v %s", a, age)
	}
	if p, f := in.Keys[2], in.Keys[3]; p.Address != `predecessor.a["before"]` || f.ID != "foreign" || f.Address != "" || f.Spec != "" {
		t.Errorf("%+v %+v", p, f)
	}
}

func TestWhatABanCosts(t *testing.T) {
	rates := census.Rates{Crypto: 1, CreateKey: 1, KeyWrite: 1, SecretRead: 1, SecretWrite: 1}
	for _, c := range []struct {
		ban                        string
		keys, rewraps, anew, total int
	}{
		{"aliyun_aes_256", 1, 2, 0, 1 + 1 + 6 + 2},
		{"RSA_2048", 1, 0, 0, 1},
		{"SM4_GCM", 0, 0, 1, 3},
		{"EC_P256", 0, 0, 0, 0},
	} {
		b := census.Agility(stock(), []string{c.ban}, rates)
		off := b.Hours - float64(c.total)/3600
		if len(b.Keys) != c.keys || b.Rewraps != c.rewraps || b.Reencrypt != c.anew || b.Total != c.total || off > 1e-9 || off < -1e-9 {
			t.Errorf("%s: %+v", c.ban, b)
		}
		if len(b.Untold) != 2 || b.Missing != 1 {
			t.Errorf("%s leaves out what is not known: %+v", c.ban, b)
		}
	}
	both := census.Agility(stock(), []string{"Aliyun_AES_256", "SM4_GCM"}, rates)
	if both.Rewraps != 1 || both.Reencrypt != 1 || both.Bytes != 100 {
		t.Errorf("%+v", both)
	}
}
