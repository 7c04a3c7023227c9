package http

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"kmsplan.dev/kmsplan/internal/state/remote"
)

// Options say where the document lies. Addresses are https, or http on this machine.
type Options struct {
	Address       string // of the document: GET reads it
	UpdateMethod  string // stores it; "" = POST
	LockAddress   string // "" = no locks: then the server has to honour If-Match
	LockMethod    string // "" = LOCK
	UnlockAddress string // "" = LockAddress
	UnlockMethod  string // "" = UNLOCK
	CAFile        string // PEM, in place of the system's
	Username      string // basic authentication; it and Password come from the environment
	Password      string
	// Patience is how long a lock for one write may be held; 0 = 5 s. It is for tests.
	Patience time.Duration
}

// The variables that credentials come from, in this order; a GitLab job's own token is the last.
var (
	usernameVariables = []string{"KMSPLAN_HTTP_USERNAME", "TF_HTTP_USERNAME"}
	passwordVariables = []string{"KMSPLAN_HTTP_PASSWORD", "TF_HTTP_PASSWORD", "CI_JOB_TOKEN"}
)

// jobUser is the user name that goes with a GitLab job's token.
const jobUser = "gitlab-ci-token"

// WithCredentials adds the credentials of the environment.
func (o Options) WithCredentials(getenv func(string) string) Options {
	o.Username, _ = first(getenv, usernameVariables)
	var from string
	o.Password, from = first(getenv, passwordVariables)
	if o.Username == "" && from == "CI_JOB_TOKEN" {
		o.Username = jobUser
	}
	return o
}

func first(getenv func(string) string, names []string) (value, from string) {
	for _, name := range names {
		if v := getenv(name); v != "" {
			return v, name
		}
	}
	return "", ""
}

func (o Options) withDefaults() Options {
	o.UpdateMethod = cmp.Or(o.UpdateMethod, http.MethodPost)
	o.LockMethod, o.UnlockMethod = cmp.Or(o.LockMethod, "LOCK"), cmp.Or(o.UnlockMethod, "UNLOCK")
	o.Patience = cmp.Or(o.Patience, patienceDefault)
	o.UnlockAddress = cmp.Or(o.UnlockAddress, o.LockAddress)
	return o
}

func (o Options) check() error {
	if o.Address == "" {
		return errors.New(`the http backend needs an address: backend "http" { address = "https://…" }`)
	}
	if o.LockAddress == "" && o.UnlockAddress != "" {
		return errors.New("unlock_address is given without lock_address")
	}
	for name, a := range map[string]string{"address": o.Address, "lock_address": o.LockAddress, "unlock_address": o.UnlockAddress} {
		if a == "" {
			continue
		}
		if err := checkAddress(a); err != nil {
			return fmt.Errorf("the http backend's %s: %w", name, err)
		}
	}
	return nil
}

func checkAddress(a string) error {
	u, err := url.Parse(a)
	switch {
	case err != nil || u.Host == "":
		return errors.New("it is no URL; write https://HOST/PATH")
	case u.User != nil:
		return fmt.Errorf("it holds credentials, which then stand in files and logs; take them out and set %s and %s", usernameVariables[0], passwordVariables[0])
	case remote.Encrypted(u):
		return nil
	}
	return fmt.Errorf("%s://%s is not encrypted on its way; use https (http is for this machine only)", u.Scheme, u.Host)
}
