package exchange

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/calllog"
	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/fault"
	"kmsplan.dev/kmsplan/internal/emulator/throttle"
)

// plain is a protocol whose answers are the code, or what the operation said.
type plain struct {
	accept func(x *Exchange) (Accepted, *engine.Error)
}

func (p plain) Accept(x *Exchange) (Accepted, *engine.Error) { return p.accept(x) }

func (plain) Refusal(_ *Exchange, e *engine.Error) fault.Answer {
	return fault.Answer{Status: e.Status, Code: e.Code, Body: []byte(e.Code)}
}

func (plain) Malformed(a fault.Answer) fault.Answer { return a }

// run takes one request through an exchange, with faults in Parse's notation.
func run(t *testing.T, faults string, call func(x *Exchange) (Accepted, *engine.Error)) (string, []calllog.Call) {
	t.Helper()
	start := time.Date(2026, 11, 24, 1, 57, 8, 0, time.UTC)
	now := func() time.Time { return start }
	c := Config{Now: now, WireNow: now, NewRequestID: func() string { return "R" }, Throttle: throttle.New(throttle.Profile{}, now),
		Faults: fault.New([]string{"Op"}, nil), Calls: calllog.New(0, nil), Logger: slog.New(slog.DiscardHandler)}
	if _, err := c.Faults.AddText(faults); faults != "" && err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	x := c.Begin(w, httptest.NewRequest(http.MethodPost, "/", nil), engine.Public)
	x.Log.Operation = "Op"
	x.Serve(plain{call})
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body), c.Calls.Calls(calllog.Filter{})
}

func does(answer string, err error) func(*Exchange) (Accepted, *engine.Error) {
	return func(*Exchange) (Accepted, *engine.Error) {
		return Accepted{Run: func(*engine.Engine) (fault.Answer, error) {
			return fault.Answer{Status: http.StatusOK, Body: []byte(answer)}, err
		}}, nil
	}
}

func TestEveryEndIsAnsweredAndNotedOnce(t *testing.T) {
	refused := Refuse(http.StatusConflict, "Rejected.Disabled", "no")
	for name, c := range map[string]struct {
		faults string
		call   func(*Exchange) (Accepted, *engine.Error)
		want   string
	}{
		"granted":             {"", does("fine", nil), "fine"},
		"refused at the gate": {"", func(*Exchange) (Accepted, *engine.Error) { return Accepted{}, refused }, "Rejected.Disabled"},
		"refused":             {"", does("", refused), "Rejected.Disabled"},
		"failed":              {"", does("", &engine.Failure{Cause: errors.New("disk is full at /secret/place")}), "InternalFailure"},
		"unknown error":       {"", does("", errors.New("/secret/place")), "InternalFailure"},
		"panic at the gate":   {"", func(*Exchange) (Accepted, *engine.Error) { panic("bug") }, "InternalFailure"},
		"panic":               {"", func(*Exchange) (Accepted, *engine.Error) { return Accepted{Run: nil}, nil }, "InternalFailure"},
		"fault on arrival":    {"Op:too-large", does("fine", nil), "RequestEntityTooLarge"},
		"fault of execution":  {"Op:reject", does("fine", nil), "ServiceUnavailableTemporary"},
	} {
		body, calls := run(t, c.faults, c.call)
		if body != c.want || len(calls) != 1 || calls[0].Status == 0 || calls[0].RequestID != "R" {
			t.Errorf("%s: %q, %+v", name, body, calls)
		}
	}
}

// A clock that a fault has moved judges the request, and dates the answer.
func TestASkewedClockIsTheExchangesDate(t *testing.T) {
	run(t, "Op:clock-skew=20m", func(x *Exchange) (Accepted, *engine.Error) {
		if ahead := x.Date.Sub(x.WireNow()); ahead != 20*time.Minute {
			t.Errorf("%s ahead", ahead)
		}
		return does("fine", nil)(x)
	})
}

// What writes has no past to be shown, so that a stale answer can never stand for a change.
func TestWhatWritesIsCarriedOutWhateverTheFault(t *testing.T) {
	for _, faults := range []string{"", "Op:stale=1", "Op:stale-read=1h", "Op:late-tags=1h"} {
		times := 0
		run(t, faults, func(*Exchange) (Accepted, *engine.Error) {
			return Accepted{Writes: true, Fingerprint: "f", Run: func(*engine.Engine) (fault.Answer, error) {
				times++
				return fault.Answer{Status: http.StatusOK}, nil
			}}, nil
		})
		if times != 1 {
			t.Errorf("%q: carried out %d times", faults, times)
		}
	}
}
