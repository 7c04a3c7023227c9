package http_test

import (
	"encoding/json"
	"errors"
	"fmt"
	nethttp "net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/http"
	"kmsplan.dev/kmsplan/internal/state/http/gitlab"
	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/remote/placetest"
	"kmsplan.dev/kmsplan/internal/state/statetest"
)

var quick = remote.Retrying{Attempts: 3, Pause: time.Microsecond}

// kinds are the servers that keep a state.
var kinds = map[string]func(*gitlab.Server){
	"GitLab":             func(s *gitlab.Server) { s.Locks, s.Versions = true, true },
	"If-Match":           func(s *gitlab.Server) { s.Matches = true },
	"If-Match and locks": func(s *gitlab.Server) { s.Matches, s.Locks = true, true },
}

func start(t *testing.T, set func(*gitlab.Server)) (*gitlab.Server, http.Options) {
	s := gitlab.New(t)
	set(s)
	o := http.Options{Address: s.URL + "/state", CAFile: filepath.Join(t.TempDir(), "ca.pem"), Username: gitlab.User, Password: gitlab.Password, Patience: 50 * time.Millisecond}
	if s.Locks {
		o.LockAddress, o.LockMethod, o.UnlockMethod = s.URL+"/state/lock", "POST", "DELETE"
	}
	if err := os.WriteFile(o.CAFile, s.CA(), 0o600); err != nil {
		t.Fatal(err)
	}
	return s, o
}

func open(t *testing.T, o http.Options) *http.Place {
	t.Helper()
	p, err := http.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPlace(t *testing.T) {
	for name, set := range kinds {
		t.Run(name, func(t *testing.T) {
			placetest.Run(t, func(t *testing.T) func() remote.Place {
				_, o := start(t, set)
				return func() remote.Place { return open(t, o) }
			})
		})
	}
}

func TestStoreContract(t *testing.T) {
	for _, name := range []string{"GitLab", "If-Match"} {
		set := kinds[name]
		t.Run(name, func(t *testing.T) {
			statetest.Run(t, func(t *testing.T) statetest.Subject {
				s, o := start(t, set)
				return statetest.Subject{
					Open:   func() state.Store { return remote.New(remote.Retry(open(t, o), quick), remote.Options{}) },
					Lose:   func(bool) { s.Lose(quick.Attempts + 1) },
					Damage: func(journal bool) { s.Edit(func(data []byte) []byte { return damage(t, data, journal) }) },
				}
			})
		})
	}
}

func damage(t *testing.T, data []byte, journal bool) []byte {
	var d map[string]any
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	if journal {
		d["head"].(map[string]any)["journal"] = "ZGFtYWdlZA=="
	} else {
		for name := range d["objects"].(map[string]any) {
			d["objects"].(map[string]any)[name] = "ZGFtYWdlZA=="
		}
	}
	data, _ = json.Marshal(d)
	return data
}

// A server is measured, and one that lets two runs write over each other is refused, whatever it is called.
func TestAServerIsMeasured(t *testing.T) {
	for name, tt := range map[string]struct {
		set  func(*gitlab.Server)
		says string // "" = refused
	}{
		"GitLab":         {kinds["GitLab"], "lock's id"},
		"If-Match":       {kinds["If-Match"], "If-Match"},
		"both":           {kinds["If-Match and locks"], "If-Match"},
		"neither":        {func(*gitlab.Server) {}, ""},
		"only versions":  {func(s *gitlab.Server) { s.Versions = true }, ""},
		"no locks given": {func(s *gitlab.Server) { s.Versions = true }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, o := start(t, tt.set)
			if name == "neither" {
				o.LockAddress = s.URL + "/state/lock"
			}
			for _, when := range []string{"empty", "with a state"} {
				got, err := open(t, o).Measure(t.Context())
				if (err != nil) != (tt.says == "") || !strings.Contains(got, tt.says) {
					t.Errorf("%s: %q, %v", when, got, err)
				}
				err = statetest.AddResource(t.Context(), remote.New(open(t, o), remote.Options{}), "k"+when)
				if (err != nil) != (tt.says == "") {
					t.Errorf("%s: writing gave %v", when, err)
				}
				if tt.says == "" && !errors.Is(err, remote.ErrRefused) {
					t.Errorf("%s: %v", when, err)
				}
			}
		})
	}
}

// Each append is one write.
func TestAnAppendIsOneWrite(t *testing.T) {
	for name, set := range kinds {
		s, o := start(t, set)
		store := remote.New(open(t, o), remote.Options{})
		lock, err := store.Lock(t.Context(), state.NewLockInfo("apply", time.Now()))
		if err != nil {
			t.Fatal(err)
		}
		j, _, err := state.Open(t.Context(), store, "test")
		if err != nil {
			t.Fatal(err)
		}
		before := s.Writes()
		for i := range 5 {
			if err := j.Append(state.Record(state.Resource{Address: fmt.Sprint("key.k", i), Kind: "key", ID: "k"})); err != nil {
				t.Fatal(err)
			}
		}
		if n := s.Writes() - before; n != 5 {
			t.Errorf("%s: 5 appends made %d writes", name, n)
		}
		if _, err := j.Commit(t.Context()); err != nil || s.Writes()-before != 6 {
			t.Errorf("%s: the commit made %d writes, %v", name, s.Writes()-before-5, err)
		}
		if err := lock.Unlock(); err != nil {
			t.Error(err)
		}
	}
}

// What is refused is said without the credentials, which the server repeats in its answer.
func TestRefusalsNameNoCredentials(t *testing.T) {
	s, o := start(t, kinds["GitLab"])
	wrong := o
	wrong.Password = "canary-wrong-password"
	_, _, err := open(t, wrong).Head(t.Context())
	if !errors.Is(err, remote.ErrRefused) || !strings.Contains(err.Error(), "KMSPLAN_HTTP_PASSWORD") || strings.Contains(err.Error(), "canary") {
		t.Errorf("wrong credentials gave %v", err)
	}
	gone := o
	s.Close()
	_, _, err = open(t, gone).Head(t.Context())
	if err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("a server that is away gave %v", err)
	}
}

// Credentials go where they were meant to go, and nowhere else.
func TestRedirectsAreNotFollowed(t *testing.T) {
	s, o := start(t, kinds["GitLab"])
	other := httptest.NewTLSServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		nethttp.Redirect(w, r, s.URL+"/state", nethttp.StatusTemporaryRedirect)
	}))
	defer other.Close()
	o.Address = other.URL + "/state"
	if _, _, err := open(t, o).Head(t.Context()); !errors.Is(err, remote.ErrRefused) || !strings.Contains(err.Error(), "redirects are not followed") {
		t.Errorf("a redirect gave %v", err)
	}
}

func TestAddressesAreRefusedEarly(t *testing.T) {
	for address, want := range map[string]string{
		"":                           "needs an address",
		"gitlab.example/state":       "no URL",
		"http://gitlab.example/s":    "not encrypted",
		"ftp://gitlab.example/s":     "not encrypted",
		"https://u:p@gitlab.example": "holds credentials",
		"https://[::1":               "no URL",
	} {
		if _, err := http.Open(http.Options{Address: address}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gave %v", address, err)
		}
	}
	for _, address := range []string{"https://gitlab.example/s", "http://localhost:80/s", "http://127.0.0.1/s", "http://[::1]/s"} {
		if _, err := http.Open(http.Options{Address: address}); err != nil {
			t.Errorf("%q gave %v", address, err)
		}
	}
}

func TestCredentialsComeFromTheEnvironment(t *testing.T) {
	for name, tt := range map[string]struct {
		env            map[string]string
		user, password string
	}{
		"ours":      {map[string]string{"KMSPLAN_HTTP_USERNAME": "a", "KMSPLAN_HTTP_PASSWORD": "b", "TF_HTTP_PASSWORD": "c", "CI_JOB_TOKEN": "d"}, "a", "b"},
		"theirs":    {map[string]string{"TF_HTTP_USERNAME": "a", "TF_HTTP_PASSWORD": "c", "CI_JOB_TOKEN": "d"}, "a", "c"},
		"job token": {map[string]string{"CI_JOB_TOKEN": "d"}, "gitlab-ci-token", "d"},
		"none":      {nil, "", ""},
	} {
		o := http.Options{}.WithCredentials(func(k string) string { return tt.env[k] })
		if o.Username != tt.user || o.Password != tt.password {
			t.Errorf("%s: %q, %q", name, o.Username, o.Password)
		}
	}
}

// A document of somebody else's is left alone.
func TestForeignDocuments(t *testing.T) {
	for name, tt := range map[string]struct {
		data string
		want error
	}{
		"Terraform's": {`{"version":4,"terraform_version":"1.13.3","serial":7,"lineage":"x","resources":[]}`, state.ErrCorrupt},
		"no JSON":     {`<html>`, state.ErrCorrupt},
		"other JSON":  {`{"a":1}`, state.ErrCorrupt},
		"newer":       {`{"kmsplan_document":99}`, state.ErrNewerFormat},
	} {
		s, o := start(t, kinds["GitLab"])
		s.Edit(func([]byte) []byte { return []byte(tt.data) })
		store := remote.New(open(t, o), remote.Options{})
		if _, _, err := store.Read(t.Context()); !errors.Is(err, tt.want) {
			t.Errorf("%s: reading gave %v", name, err)
		}
		if _, err := store.Begin(t.Context()); !errors.Is(err, tt.want) {
			t.Errorf("%s: beginning gave %v", name, err)
		}
		if got := string(s.Document()); got != tt.data {
			t.Errorf("%s became %s", name, got)
		}
	}
}

func TestWorkspaces(t *testing.T) {
	for name, set := range kinds {
		t.Run(name, func(t *testing.T) {
			s, o := start(t, set)
			placetest.Houses(t, func() remote.House { return open(t, o) })
			if got := strings.Join(s.Paths(), " "); !strings.HasPrefix(got, "/state /state--workspaces /state-w0 /state-w1 ") {
				t.Errorf("the documents are %s", got)
			}
		})
	}
}

// GitLab lets maintainers alone delete a state. What is left of a workspace then holds nothing.
func TestAWorkspaceIsDeletedWhereNothingMayBe(t *testing.T) {
	s, o := start(t, kinds["GitLab"])
	s.NoDelete = true
	placetest.Houses(t, func() remote.House { return open(t, o) })
}
