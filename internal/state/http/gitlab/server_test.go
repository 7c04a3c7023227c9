package gitlab_test

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"net/http"
	"testing"

	"kmsplan.dev/kmsplan/internal/state/http/gitlab"
)

// What GitLab's documentation of managed Terraform state says that it answers.
func TestAnswers(t *testing.T) {
	s := gitlab.New(t)
	s.Locks, s.Versions = true, true
	const lock = `{"ID":"a","Operation":"o","Info":"","Who":"w","Version":"1","Created":"2026-01-02T03:04:05Z","Path":""}`
	for _, step := range []struct {
		what, method, path, body string
		want                     int
	}{
		{"nothing stored", "GET", "/state", "", 204},
		{"stored", "POST", "/state", `{"serial":1}`, 200},
		{"without serial", "POST", "/state", `{}`, 400},
		{"a version twice", "POST", "/state", `{"serial":1}`, 422},
		{"a lock that lacks a field", "POST", "/state/lock", `{"ID":"a"}`, 400},
		{"a lock", "POST", "/state/lock", lock, 200},
		{"a second lock", "POST", "/state/lock", lock, 423},
		{"stored without the lock's id", "POST", "/state", `{"serial":2}`, 423},
		{"under another id", "POST", "/state?ID=b", `{"serial":2}`, 423},
		{"under the lock's id", "POST", "/state?ID=a", `{"serial":2}`, 200},
		{"unlocked by another", "DELETE", "/state/lock?ID=b", "", 409},
		{"unlocked", "DELETE", "/state/lock?ID=a", "", 200},
		{"under a lock that is gone", "POST", "/state?ID=a", `{"serial":3}`, 423},
		{"read", "GET", "/state", "", 200},
	} {
		r, err := http.NewRequestWithContext(t.Context(), step.method, s.URL+step.path, bytes.NewReader([]byte(step.body)))
		if err != nil {
			t.Fatal(err)
		}
		sum := md5.Sum([]byte(step.body))
		r.Header.Set("Content-MD5", base64.StdEncoding.EncodeToString(sum[:]))
		r.SetBasicAuth(gitlab.User, gitlab.Password)
		answer, err := s.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != step.want {
			t.Errorf("%s: %d, want %d", step.what, answer.StatusCode, step.want)
		}
	}
}
