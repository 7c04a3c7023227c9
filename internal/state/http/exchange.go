package http

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/version"
)

// mostRead bounds what is read of an answer, in bytes.
const mostRead = 256 << 20

// request is one call.
type request struct {
	method, address string
	body            []byte
	lock            string // the lock's id, as the ID of the query
	match           string // the ETag that has to be there
	fresh           bool   // nothing may be there
}

type response struct {
	status int
	etag   string
	body   []byte
}

func (r response) ok() bool { return r.status >= 200 && r.status < 300 }

// exchange makes one call. An answer with any status is no error.
func (p *Place) exchange(ctx context.Context, r request) (response, error) {
	q, err := p.request(ctx, r)
	if err != nil {
		return response{}, err
	}
	answer, err := p.client.Do(q)
	if err != nil {
		if outer := (*url.Error)(nil); errors.As(err, &outer) {
			err = outer.Err // without the address, whose query is nobody's business
		}
		return response{}, fmt.Errorf("%s: %w", p.name, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, mostRead+1))
	if err == nil && len(body) > mostRead {
		err = fmt.Errorf("the answer is larger than %d bytes", mostRead)
	}
	if err != nil {
		return response{}, fmt.Errorf("%s: %w", p.name, err)
	}
	return response{answer.StatusCode, answer.Header.Get("ETag"), body}, nil
}

func (p *Place) request(ctx context.Context, r request) (*http.Request, error) {
	u, err := url.Parse(r.address)
	if err != nil {
		return nil, err
	}
	if r.lock != "" {
		query := u.Query()
		query.Set("ID", r.lock)
		u.RawQuery = query.Encode()
	}
	q, err := http.NewRequestWithContext(ctx, r.method, u.String(), bytes.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	q.Header.Set("User-Agent", "kmsplan/"+version.Number)
	if r.body != nil {
		sum := md5.Sum(r.body) // the protocol's check against damage on the way; it guards nothing else
		q.Header.Set("Content-MD5", base64.StdEncoding.EncodeToString(sum[:]))
		q.Header.Set("Content-Type", "application/json")
	}
	if r.match != "" {
		q.Header.Set("If-Match", r.match)
	}
	if r.fresh {
		q.Header.Set("If-None-Match", "*")
	}
	if p.o.Username != "" || p.o.Password != "" {
		q.SetBasicAuth(p.o.Username, p.o.Password)
	}
	return q, nil
}

// refusal puts a status into words. What the server wrote is left out: it may repeat what was sent.
func (p *Place) refusal(r response) error {
	switch {
	case r.status == http.StatusUnauthorized || r.status == http.StatusForbidden:
		return fmt.Errorf("%s: the server answered %d: the credentials are missing or may not do this; set %s and %s: %w",
			p.name, r.status, usernameVariables[0], passwordVariables[0], remote.ErrRefused)
	case r.status == http.StatusNotFound:
		return fmt.Errorf("%s: the server answered 404: nothing can be stored under this address: %w", p.name, remote.ErrRefused)
	case r.status >= 300 && r.status < 400:
		return fmt.Errorf("%s: the server answered %d, and redirects are not followed, because credentials would go along; give the address it names: %w", p.name, r.status, remote.ErrRefused)
	case r.status == http.StatusRequestEntityTooLarge:
		return fmt.Errorf("%s: the server does not take a document of this size (413); raise its limit: %w", p.name, remote.ErrRefused)
	case r.status >= 500 || r.status == http.StatusTooManyRequests || r.status == http.StatusRequestTimeout:
		return fmt.Errorf("%s: the server answered %d", p.name, r.status)
	}
	return fmt.Errorf("%s: the server answered %d: %w", p.name, r.status, remote.ErrRefused)
}
