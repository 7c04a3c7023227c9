package ops

import (
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/envelope"
)

// Two blocks that would bring one envelope under two keys would undo each other's work at every run. Each file says so, and is
// left as it is; with one key, by whatever name, or where one file has room for both, there is nothing to say.
func TestBlocksThatWouldUndoEachOther(t *testing.T) {
	r := newRig(t)
	s := newStack(t, r)
	other := s.aesKey()
	at := func(text, source, key string) Block {
		return Block{Addr: address(t, text), Source: source, Target: Target{Key: key}}
	}
	elsewhere := s.enc
	elsewhere.Addr, elsewhere.Output = address(t, "data.encrypt.new"), "archive/new.enc"
	const one, fresh = "archive/2024/one.enc", "archive/new.enc"
	for name, tt := range map[string]struct {
		blocks []Block
		beside []Block
		want   map[string]string // by block and path, what the problem says; the others have none
	}{
		"two keys": {[]Block{s.re, at("data.rewrap.b", "archive/*/one.enc", other)}, nil, map[string]string{
			"data.rewrap.r " + one: "data.rewrap.b", "data.rewrap.b " + one: "data.rewrap.r"}},
		"of which one is not run": {[]Block{s.re}, []Block{at("data.rewrap.b", one, other)}, map[string]string{"data.rewrap.r " + one: "data.rewrap.b"}},
		"one key":                 {[]Block{s.re, at("data.rewrap.b", "**/one.enc", s.key)}, nil, nil},
		"one key by two names":    {[]Block{s.re, at("data.rewrap.b", "**/one.enc", "acs:kms:cn-hangzhou:1:key/"+s.key)}, nil, nil},
		"other files":             {[]Block{s.re, at("data.rewrap.b", "archive/2025/*.enc", other)}, nil, nil},
		"a key to come":           {[]Block{s.re, at("data.rewrap.b", "**/one.enc", "unborn")}, nil, nil},
		"an output":               {[]Block{s.enc, at("data.rewrap.b", "dist/app.enc", other)}, nil, map[string]string{"data.rewrap.b dist/app.enc": "data.encrypt.e"}},
		"an output to come":       {[]Block{elsewhere, at("data.rewrap.b", "archive/*.enc", other)}, nil, map[string]string{"data.rewrap.b " + fresh: "data.encrypt.new"}},
		"an output of one key":    {[]Block{elsewhere, at("data.rewrap.b", "archive/*.enc", s.key)}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			for _, silent := range []bool{false, true} {
				s.silent = silent && name != "a key to come" && name != "one key by two names"
				found := map[string]string{}
				for _, f := range Survey(tt.blocks, Standing{Root: s.root(), Census: s.census, Facts: s.facts, Beside: tt.beside}) {
					if f.Problem != "" {
						found[f.Addr.String()+" "+f.Path] = f.Problem
					}
				}
				if len(found) != len(tt.want) {
					t.Errorf("problems of %v", found)
				}
				for file, want := range tt.want {
					if p := found[file]; !strings.Contains(p, want) || !strings.Contains(p, "for ever") {
						t.Errorf("%s: %q", file, p)
					}
				}
			}
		})
	}
}

// An envelope that is wrapped for several keys already keeps them all.
func TestAnEnvelopeOfSeveralKeysIsNotFoughtOver(t *testing.T) {
	s := survey{others: newContenders([]Block{{Addr: addr.DataBlock("rewrap", "b"), Source: "a.enc", Target: Target{Key: "k2"}}}), facts: func(_, key string) (KeyFacts, bool) { return KeyFacts{ID: key}, true }}
	b := Block{Addr: addr.DataBlock("rewrap", "a"), Source: "*.enc", Target: Target{Key: "k1"}}
	for n, want := range []bool{true, true, false} {
		h := &envelope.Header{}
		for i := range n {
			stanza, err := envelope.KMSStanza{KeyARN: "k" + string(rune('1'+i)), KeyVersionID: "v", Protocol: envelope.ProtocolAdvance, Blob: []byte("x")}.Stanza()
			if err != nil {
				t.Fatal(err)
			}
			h.Stanzas = append(h.Stanzas, stanza)
		}
		if got := s.contended(b, "a.enc", h) != ""; got != want {
			t.Errorf("of %d keys: %v", n, got)
		}
	}
}
