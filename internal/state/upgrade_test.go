package state_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/state"
)

var update = flag.Bool("update", false, "write the golden state of the present format, once for each format")

// everything is a state in which every field of the present format is set.
func everything() state.State {
	return state.State{
		Version: state.FormatVersion, Serial: 9, Lineage: "ae54dd88-377b-4aed-8406-940a3c4bfea1", Writer: "0.2.0", ObjectsSerial: 7, CensusSerial: 9,
		Previous: strings.Repeat("0f", 32), Journal: "01a2243e-71f4-7c73-ac7c-fb56381372c9", Outputs: map[string]any{"id": "key-1", "n": 1.5},
		Scheme: &state.FingerprintScheme{Name: "hmac-sha256", Gateway: "dev", KeyID: "key-9", KeyVersion: "v1", Context: map[string]string{"purpose": "fingerprints"}, Wrapped: "AAAA"},
		Resources: []state.Resource{{
			Address: `module.a["x"].key.orders`, Kind: "key", Gateway: "dev", Region: "cn-hangzhou", ID: "key-1", Attributes: map[string]any{"description": "d", "tags": map[string]any{"a": "b"}},
			Managed: []string{"description"}, Fingerprints: map[string]state.Fingerprint{"value": {Salt: "c2FsdA==", Digest: "ZGlnZXN0", Params: "p"}},
			Versions: []string{"v1"}, Protected: true, Retire: "disabled", RetiredAt: epoch, DependsOn: []string{"key.b"}, Intent: "i", LastAppliedAt: epoch,
			Predecessors: []state.Predecessor{{ID: "key-0", Retire: "scheduled", RetiredAt: epoch}},
		}},
		Files: []state.File{{
			Address: "data.encrypt.f", Path: "n\xff.yaml", Source: `back\slash`, SourceDigest: state.Fingerprint{Salt: "s", Digest: "d", Params: "p"}, Commitment: "Y29tbWl0",
			KeyID: "key-1", KeyARN: "acs:kms:::key/key-1", KeyVersion: "v", ContextDigest: "00", Recipients: "11", Size: 5,
		}},
	}
}

// The states of every format that ever was are read for ever: a golden one of each is kept.
func TestAStateOfThePresentFormatIsWrittenAsEver(t *testing.T) {
	got := must(state.Encode(everything()))
	if *update {
		if err := os.WriteFile("testdata/state.2.json", got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want := must(os.ReadFile("testdata/state.2.json")); !bytes.Equal(got, want) {
		t.Errorf("the form of a state changed without a new format version:\n%s", got)
	}
	st, err := state.Decode("s", got)
	if err != nil || !reflect.DeepEqual(st, everything()) {
		t.Errorf("read back as %+v, %v", st, err)
	}
}

func TestAStateOfFormat1IsReadAndUpgraded(t *testing.T) {
	st, err := state.Decode("s", must(os.ReadFile("testdata/state.1.json")))
	if err != nil {
		t.Fatal(err)
	}
	if st.Version != state.FormatVersion || st.Serial != 2 || st.ObjectsSerial != 2 || st.CensusSerial != 2 || st.Scheme != nil {
		t.Errorf("upgraded to %+v", st)
	}
	if len(st.Resources) != 5 || len(st.Files) != 1 || st.Files[0].Path != "dist/app.yaml.enc" || st.Files[0].Size != 5 || st.Outputs["id"] == nil {
		t.Errorf("it holds %+v, %+v, %+v", st.Resources, st.Files, st.Outputs)
	}
	secret, _ := state.Find(st, "secret.db")
	if !secret.Fingerprints["value"].Matches([]byte("secret-canary")) || secret.Fingerprints["value"].Matches([]byte("another")) {
		t.Error("its fingerprints do not recognise the value")
	}
	old, _ := state.Find(st, "key.old")
	if old.Retire != "disabled" || old.RetiredAt.IsZero() {
		t.Errorf("its retirement is %q since %v", old.Retire, old.RetiredAt)
	}
	again, err := state.Decode("s", must(state.Encode(st)))
	if err != nil || !bytes.Equal(must(state.Encode(again)), must(state.Encode(st))) {
		t.Errorf("a second round changes it: %v", err)
	}
}

// Paths were plain strings in format 1: a backslash stood for itself.
func TestPathsOfFormat1AreTakenAsTheyAre(t *testing.T) {
	for _, text := range []string{`{"op":"file","file":{"address":"data.encrypt.f","path":"a\\x41"}}`, `{"op":"forget-file","address":"data.encrypt.f","path":"a\\x41"}`} {
		for format, want := range map[int]string{1: `a\x41`, 2: "aA"} {
			e, err := state.DecodeEntry(format, []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			path := string(e.Path)
			if e.File != nil {
				path = e.File.Path
			}
			if path != want {
				t.Errorf("format %d: %s has the path %q, want %q", format, text, path, want)
			}
		}
	}
}

// Case W9.
func TestATerraformStateIsCalledWhatItIs(t *testing.T) {
	for _, text := range []string{
		`{"version": 4, "terraform_version": "1.9.5", "serial": 3, "lineage": "x", "outputs": {}, "resources": []}`,
		`{"version": 1, "terraform_version": "0.6.0", "serial": 1, "modules": []}`,
	} {
		_, err := state.Decode("kmsplan.state.json", []byte(text))
		if !errors.Is(err, state.ErrCorrupt) || !strings.Contains(err.Error(), "a state of Terraform or OpenTofu") || strings.Contains(err.Error(), "upgrade") {
			t.Errorf("reading it gave %v", err)
		}
	}
	for text, says := range map[string]string{
		`{"version": 99, "writer": "9.1", "serial": 1}`: "written by kmsplan 9.1", `{"version": 99}`: "no kmsplan state", `{"a": 1}`: "no kmsplan state",
	} {
		if _, err := state.Decode("s", []byte(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s gave %v, which does not say %q", text, err, says)
		}
	}
}
