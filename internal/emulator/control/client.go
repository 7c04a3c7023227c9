package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/calllog"
	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/fault"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// Client steers a running emulator. Safe for concurrent use.
type Client struct {
	address string
	token   string
	http    *http.Client
}

// NewClient returns a client of the control API at address (http://127.0.0.1:PORT).
func NewClient(address, token string) *Client {
	return &Client{address: address, token: token, http: &http.Client{
		Timeout:       10 * time.Minute,
		Transport:     &http.Transport{Proxy: nil, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// FromReadyFile returns a client of the emulator that wrote the ready file.
func FromReadyFile(path string) (*Client, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the emulator's ready file: %w (is the emulator running with --ready-file?)", err)
	}
	var ready struct {
		Control      string `json:"control"`
		ControlToken string `json:"control_token"`
	}
	if err := json.Unmarshal(text, &ready); err != nil || ready.Control == "" {
		return nil, fmt.Errorf("read the emulator's ready file %s: it names no control API", path)
	}
	return NewClient(ready.Control, ready.ControlToken), nil
}

// Close ends idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// maxAnswer bounds what is read of an answer: a full call log stays below.
const maxAnswer = 64 << 20

// do makes one request; in and out may be nil.
func (c *Client) do(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if raw, ok := in.([]byte); ok {
		body = bytes.NewReader(raw)
	} else if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("control %s: %w", path, err)
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.address+path, body)
	if err != nil {
		return fmt.Errorf("control %s: %w", path, err)
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	response, err := c.http.Do(r)
	if err != nil {
		return fmt.Errorf("reach the emulator at %s: %w (is it still running?)", c.address, errors.Unwrap(err))
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("control %s: %w", path, err)
	}
	if response.StatusCode != http.StatusOK {
		var f Failure
		if json.Unmarshal(text, &f) != nil || f.Error == "" {
			return fmt.Errorf("control %s: status %d", path, response.StatusCode)
		}
		return errors.New(f.Error)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("control %s: read the answer: %w", path, err)
	}
	return nil
}

func get[T any](ctx context.Context, c *Client, path string) (out T, err error) {
	err = c.do(ctx, http.MethodGet, path, nil, &out)
	return out, err
}

// Status sums the emulator up.
func (c *Client) Status(ctx context.Context) (Status, error) { return get[Status](ctx, c, "/status") }

// AddUser adds a RAM user, or gives one that is there other policies.
func (c *Client) AddUser(ctx context.Context, u User) (out UserKey, err error) {
	err = c.do(ctx, http.MethodPost, "/users", u, &out)
	return out, err
}

// Ready returns the ready file's content; it holds the emulator's credentials.
func (c *Client) Ready(ctx context.Context) (json.RawMessage, error) {
	return get[json.RawMessage](ctx, c, "/ready")
}

// Region returns the ready file's content for a region, which is served from then
// on at addresses of its own.
func (c *Client) Region(ctx context.Context, name string) (ready json.RawMessage, err error) {
	err = c.do(ctx, http.MethodPost, "/regions/"+url.PathEscape(name), nil, &ready)
	return ready, err
}

// Clock reads the virtual clock.
func (c *Client) Clock(ctx context.Context) (Clock, error) { return get[Clock](ctx, c, "/clock") }

// SetClock makes it t; going forward fires what is due.
func (c *Client) SetClock(ctx context.Context, t time.Time) (Clock, error) {
	return c.change(ctx, ClockChange{Action: "set", Time: t})
}

// Advance moves the clock by a duration such as 90d and returns what fired.
func (c *Client) Advance(ctx context.Context, by string) (Clock, error) {
	return c.change(ctx, ClockChange{Action: "advance", By: by})
}

// Freeze stops the clock.
func (c *Client) Freeze(ctx context.Context) (Clock, error) {
	return c.change(ctx, ClockChange{Action: "freeze"})
}

// Resume lets the clock run at real time.
func (c *Client) Resume(ctx context.Context) (Clock, error) {
	return c.change(ctx, ClockChange{Action: "resume"})
}

// Run lets the clock run at a rate in virtual seconds per second.
func (c *Client) Run(ctx context.Context, rate float64) (Clock, error) {
	return c.change(ctx, ClockChange{Action: "run", Rate: rate})
}

func (c *Client) change(ctx context.Context, change ClockChange) (clock Clock, err error) {
	err = c.do(ctx, http.MethodPost, "/clock", change, &clock)
	return clock, err
}

// Faults lists the rules, spent ones too.
func (c *Client) Faults(ctx context.Context) ([]fault.Rule, error) {
	return get[[]fault.Rule](ctx, c, "/faults")
}

// AddFaults adds rules in the notation of fault.Parse.
func (c *Client) AddFaults(ctx context.Context, text string) (rules []fault.Rule, err error) {
	err = c.do(ctx, http.MethodPost, "/faults", map[string]string{"text": text}, &rules)
	return rules, err
}

// AddFault adds one rule with every field there is.
func (c *Client) AddFault(ctx context.Context, rule fault.Rule) (rules []fault.Rule, err error) {
	err = c.do(ctx, http.MethodPost, "/faults", map[string]fault.Rule{"rule": rule}, &rules)
	return rules, err
}

// RemoveFaults removes rules by id, or all, and returns how many.
func (c *Client) RemoveFaults(ctx context.Context, ids ...int) (int, error) {
	q := url.Values{}
	for _, id := range ids {
		q.Add("id", strconv.Itoa(id))
	}
	var out struct{ Removed int }
	err := c.do(ctx, http.MethodDelete, "/faults?"+q.Encode(), nil, &out)
	return out.Removed, err
}

// Calls lists calls, oldest first.
func (c *Client) Calls(ctx context.Context, f calllog.Filter) ([]calllog.Call, error) {
	return get[[]calllog.Call](ctx, c, "/calls?"+query(f))
}

// CountCalls counts the calls that the log still holds.
func (c *Client) CountCalls(ctx context.Context, f calllog.Filter) (CallCount, error) {
	return get[CallCount](ctx, c, "/calls/count?"+query(f))
}

// ClearCalls empties the call log.
func (c *Client) ClearCalls(ctx context.Context) error {
	return c.do(ctx, http.MethodDelete, "/calls", nil, nil)
}

func query(f calllog.Filter) string {
	q := url.Values{}
	for name, v := range map[string]string{
		"gateway": f.Gateway, "operation": f.Operation, "caller": f.Caller, "key": f.Key, "code": f.Code, "fault": f.Fault,
	} {
		if v != "" {
			q.Set(name, v)
		}
	}
	for name, n := range map[string]uint64{"status": uint64(f.Status), "since": f.Since, "limit": uint64(f.Limit)} {
		if n != 0 {
			q.Set(name, strconv.FormatUint(n, 10))
		}
	}
	return q.Encode()
}

// Evidence returns the counters per gateway and operation.
func (c *Client) Evidence(ctx context.Context) ([]calllog.Counter, error) {
	return get[[]calllog.Counter](ctx, c, "/evidence")
}

// Unread returns, by operation, the parameters that no handler reads.
func (c *Client) Unread(ctx context.Context) (map[string][]string, error) {
	return get[map[string][]string](ctx, c, "/unread")
}

// Snapshots lists the snapshots' names.
func (c *Client) Snapshots(ctx context.Context) ([]string, error) {
	return get[[]string](ctx, c, "/snapshots")
}

// SaveSnapshot keeps the whole model under a name.
func (c *Client) SaveSnapshot(ctx context.Context, name string) error {
	return c.do(ctx, http.MethodPost, "/snapshots/"+url.PathEscape(name), nil, nil)
}

// LoadSnapshot replaces the whole model.
func (c *Client) LoadSnapshot(ctx context.Context, name string) error {
	return c.do(ctx, http.MethodPost, "/snapshots/"+url.PathEscape(name)+"/load", nil, nil)
}

// DiffSnapshot tells how the model differs from a snapshot.
func (c *Client) DiffSnapshot(ctx context.Context, name string) ([]store.Change, error) {
	return get[[]store.Change](ctx, c, "/snapshots/"+url.PathEscape(name)+"/diff")
}

// Seed applies a seed document (JSON, see seed.Document).
func (c *Client) Seed(ctx context.Context, document []byte, force bool) (result engine.SeedResult, err error) {
	err = c.do(ctx, http.MethodPost, "/seed?force="+strconv.FormatBool(force), document, &result)
	return result, err
}

// Reset empties the emulator. Its credentials change: read Ready again.
func (c *Client) Reset(ctx context.Context) error {
	return c.do(ctx, http.MethodPost, "/reset", nil, nil)
}
