package stack_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"kmsplan.dev/kmsplan/internal/plan"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/state/http/gitlab"
)

// onGitLab is a stack whose sealed state lies on a GitLab of its own.
func onGitLab(t *testing.T) (*rig, *gitlab.Server) {
	r := newRig(t, "")
	r.farKeys()
	server := gitlab.New(t)
	server.Locks, server.Versions = true, true
	r.write("ca.pem", string(server.CA()))
	r.options.Env = []string{"KMSPLAN_HTTP_USERNAME=" + gitlab.User, "KMSPLAN_HTTP_PASSWORD=" + gitlab.Password}
	r.write("main.kms.hcl", gateway+`kmsplan {
  backend "http" {
    address       = "`+server.URL+`/state"
    lock_address  = "`+server.URL+`/state/lock"
    lock_method   = "POST"
    unlock_method = "DELETE"
    ca_file       = "`+filepath.Join(r.dir, "ca.pem")+`"
  }
  encryption {
    key = "alias/far"
  }
}
key "k" {
  description = "canary-description"
}
`)
	if _, err := stack.Init(t.Context(), r.module(), r.options, stack.Backend{}); err != nil {
		t.Fatal(err)
	}
	r.apply()
	return r, server
}

// The operator of a store reads nothing of a state, and whatever he puts in its place is noticed.
func TestWhatWasSealedAsSomethingElseDoesNotOpen(t *testing.T) {
	r, server := onGitLab(t)
	whole := bytes.Clone(server.Document())
	if bytes.Contains(whole, []byte("canary")) {
		t.Fatal("the state is readable")
	}
	for name, attack := range map[string]func(doc, head, ref map[string]any){
		"nothing":          func(_, _, _ map[string]any) {},
		"another serial":   func(_, _, ref map[string]any) { ref["serial"] = 9 },
		"another lineage":  func(_, _, ref map[string]any) { ref["lineage"] = "7c9e6679-7425-40de-944b-e07fc1f90ae7" },
		"a state in clear": func(doc, _, ref map[string]any) { put(doc, ref, packed(`{"version":2,"serial":1}`)) },
		"a flipped bit":    func(doc, _, ref map[string]any) { put(doc, ref, flipped(doc, ref)) },
		"a journal of ours": func(_, head, _ map[string]any) {
			head["journal"] = "ZGFtYWdlZA=="
			head["sum"] = sum([]byte("damaged"))
		},
		"a state that's not": func(doc, _, ref map[string]any) { delete(doc["objects"].(map[string]any), ref["object"].(string)) },
	} {
		t.Run(name, func(t *testing.T) {
			var doc map[string]any
			if err := json.Unmarshal(whole, &doc); err != nil {
				t.Fatal(err)
			}
			head := doc["head"].(map[string]any)
			attack(doc, head, head["state"].(map[string]any))
			edited, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			server.Edit(func([]byte) []byte { return edited })
			r.forgetWhatWasSeen()
			s, err := stack.Open(r.module(), r.options)
			if err != nil {
				t.Fatal(err)
			}
			defer r.close(s)
			err = s.Survey(t.Context(), "plan", plan.Scope{})
			if (err == nil) != (name == "nothing") {
				t.Errorf("a plan over it: %v", err)
			}
			if err != nil && (strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), saidBySeal[name])) {
				t.Error(err)
			}
		})
	}
}

// saidBySeal is what the seal itself says, before anybody looks at what is under it.
var saidBySeal = map[string]string{
	"another serial": "it was sealed as something else: {", "another lineage": "it was sealed as something else: its kmsplan:lineage",
}

// forgetWhatWasSeen makes this machine one that has seen no state yet.
func (r *rig) forgetWhatWasSeen() {
	r.t.Helper()
	name := filepath.Join(r.dir, ".kmsplan", "backend.json")
	text, err := os.ReadFile(name)
	if err != nil {
		r.t.Fatal(err)
	}
	var notes map[string]any
	if err := json.Unmarshal(text, &notes); err != nil {
		r.t.Fatal(err)
	}
	delete(notes, "serial")
	delete(notes, "lineage")
	delete(notes, "digest")
	text, _ = json.Marshal(notes)
	r.write(".kmsplan/backend.json", string(text))
}

func put(doc, ref map[string]any, object []byte) {
	doc["objects"].(map[string]any)[ref["object"].(string)] = object
	ref["digest"] = sum(object)
}

func sum(data []byte) string {
	h := sha256.Sum256(data)
	return hex.EncodeToString(h[:])
}

func packed(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.Bytes()
}

func flipped(doc, ref map[string]any) []byte {
	var object []byte
	raw, _ := json.Marshal(doc["objects"].(map[string]any)[ref["object"].(string)])
	_ = json.Unmarshal(raw, &object)
	object[len(object)-1] ^= 1
	return object
}
