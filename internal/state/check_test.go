package state

import (
	"errors"
	"strings"
	"testing"
)

// A state whose checksum fits and whose content cannot be is damaged: some other program wrote it.
func TestAStateThatCannotBeIsDamaged(t *testing.T) {
	whole := New().Next("test")
	for want, change := range map[string]func(*State){
		"no serial or no lineage":    func(st *State) { st.Lineage = "" },
		"twice or without address":   func(st *State) { st.Resources = []Resource{{Address: "key.a"}, {Address: "key.a"}} },
		`object ""`:                  func(st *State) { st.Resources = []Resource{{Kind: "key"}} },
		"objects or files changed":   func(st *State) { st.ObjectsSerial = st.Serial + 1 },
		"files changed after itself": func(st *State) { st.CensusSerial = st.Serial + 1 },
	} {
		st := whole
		change(&st)
		data, err := Encode(st)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Decode("s.json", data); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	for _, text := range []string{"[]", "1", `"x"`, "{}"} {
		if _, err := Decode("s.json", []byte(text)); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "no kmsplan state") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
