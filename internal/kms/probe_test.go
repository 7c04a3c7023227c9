package kms_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/kms/kmstest"
)

func TestProbe(t *testing.T) {
	var answer func(w http.ResponseWriter)
	g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Date", time.Now().Add(-10*time.Minute).UTC().Format(http.TimeFormat))
		answer(w)
	})
	p := connectPublic(t, g)
	for name, c := range map[string]struct {
		answer            func(w http.ResponseWriter)
		reachable, usable bool
	}{
		"fine":      {func(w http.ResponseWriter) { kmstest.Reply(w, 200, `{"RequestId":"R"}`) }, true, true},
		"bad key":   {func(w http.ResponseWriter) { kmstest.Refuse(w, 404, "InvalidAccessKeyId.NotFound", "x") }, true, false},
		"forbidden": {func(w http.ResponseWriter) { kmstest.Refuse(w, 403, "Forbidden.NoPermission", "x") }, true, true},
		"lost":      {func(w http.ResponseWriter) { kmstest.HangUp(w) }, false, false},
	} {
		answer = c.answer
		f := p.Probe(context.Background())
		if f.Reachable != c.reachable || f.Usable != c.usable || (f.Err == nil) != c.usable {
			t.Errorf("%s: %+v", name, f)
		}
		if f.CredentialProvider != "static" || f.AccessKeyID != "AKTE…0001" || f.CASubject != "CN=CA of the tests" || f.CANotAfter.IsZero() || f.Latency <= 0 {
			t.Errorf("%s: %+v", name, f)
		}
		if c.reachable && (f.ClockSkew+10*time.Minute).Abs() > 5*time.Second {
			t.Errorf("%s: skew %s", name, f.ClockSkew)
		}
	}
	answer = func(w http.ResponseWriter) { kmstest.RefuseProto(w, 404, "Forbidden.KeyNotFound", "x") }
	f := connectInstance(t, g).Probe(context.Background())
	if !f.Usable || f.ClientKeyID != "KAAP.test" || f.ClientKeyNotAfter.IsZero() {
		t.Errorf("%+v", f)
	}
	answer = func(w http.ResponseWriter) { kmstest.RefuseProto(w, 404, "Unauthorized", "x") }
	if f := connectInstance(t, g).Probe(context.Background()); f.Usable || !f.Reachable {
		t.Errorf("%+v", f)
	}
}

func TestProbeWarnsOfTheSDKsDebugOutput(t *testing.T) {
	t.Setenv("DEBUG", "tea,dara")
	g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { kmstest.Reply(w, 200, `{}`) })
	f := connectPublic(t, g).Probe(context.Background())
	if len(f.Warnings) != 1 || !strings.Contains(f.Warnings[0], "DEBUG=dara") {
		t.Error(f.Warnings)
	}
}
