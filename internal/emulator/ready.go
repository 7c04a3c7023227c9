package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/emulator/engine"
)

// Ready is all a client needs: the content of the ready file. It holds
// credentials.
type Ready struct {
	Public struct {
		HTTPS string `json:"https"`          // host:port
		HTTP  string `json:"http,omitempty"` // host:port; "" when switched off
	} `json:"public"`
	Instance struct {
		ID                string `json:"id"`
		Endpoint          string `json:"endpoint"` // host:port
		ClientKeyFile     string `json:"client_key_file"`
		ClientKeyPassword string `json:"client_key_password"`
	} `json:"instance"`
	OSS             string `json:"oss,omitempty"` // host:port of the object service; "" when it is not served
	CAFile          string `json:"ca_file"`
	AccessKeyID     string `json:"access_key_id"`
	AccessKeySecret string `json:"access_key_secret"`
	Region          string `json:"region"`
	AccountID       string `json:"account_id"`
	ListLag         string `json:"list_lag,omitempty"` // for how long lists do not show what happened
	Throttle        string `json:"throttle,omitempty"` // as -throttle has it; "" = off
	Control         string `json:"control"`            // http://host:port
	ControlToken    string `json:"control_token"`
}

// Ready describes the running emulator.
func (s *Server) Ready() Ready {
	return s.describe(s.engine.Bootstrap(), s.listeners.public, s.listeners.http, s.listeners.instance, s.clientKey)
}

func (s *Server) describe(b engine.Bootstrap, public, plain, instance string, key *clientKey) Ready {
	credential, _ := s.engine.Credential(b.AccessKeyID)
	var r Ready
	r.Public.HTTPS, r.Public.HTTP = public, plain
	r.Instance.ID, r.Instance.Endpoint = b.Instance, instance
	r.Instance.ClientKeyFile, r.Instance.ClientKeyPassword = key.file(), key.secret()
	r.OSS, r.CAFile = s.listeners.oss, s.authority.Path()
	r.AccessKeyID, r.AccessKeySecret = credential.AccessKeyID, credential.Secret
	r.Region, r.AccountID = b.Region, b.Account
	if s.settings.ListLag > 0 {
		r.ListLag = s.settings.ListLag.String()
	}
	if s.settings.Throttle != "off" {
		r.Throttle = s.settings.Throttle
	}
	r.Control, r.ControlToken = "http://"+s.listeners.control, s.token
	return r
}

// WriteReadyFile writes Ready as JSON, whole or not at all, with mode 0600, and
// again whenever the credentials in it change (a reset, a loaded snapshot). Whoever
// waits for the file finds an emulator that answers.
func (s *Server) WriteReadyFile(path string) error {
	s.readyMu.Lock()
	defer s.readyMu.Unlock()
	if err := s.writeReady(path); err != nil {
		return err
	}
	if !slices.Contains(s.readyFiles, path) {
		s.readyFiles = append(s.readyFiles, path)
	}
	return nil
}

// renewed brings ClientKeys and ready files up to date after the model was
// exchanged. A ready file that was taken away stays away.
func (s *Server) renewed() error {
	if err := s.renewClientKeys(); err != nil {
		return err
	}
	s.readyMu.Lock()
	defer s.readyMu.Unlock()
	for _, path := range s.readyFiles {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := s.writeReady(path); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) writeReady(path string) error {
	text, err := json.MarshalIndent(s.Ready(), "", "  ")
	if err != nil {
		return fmt.Errorf("write the ready file: %w", err)
	}
	if err := durable.WriteFile(path, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("write the ready file: %w", err)
	}
	return nil
}
