package kms

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// Every operation, every parameter filled with its own canary, with the most
// verbose log: only allow-listed parameters show, and no secret anywhere.
func TestLogHoldsOnlyAllowedParameters(t *testing.T) {
	g := serve(t, func(w http.ResponseWriter, r *http.Request, n int) {
		if name := r.Header.Get(dkms.HeaderAPIName); name != "" {
			_, out := messages(name)
			answerProto(w, 200, out)
			return
		}
		if n%2 == 0 {
			refuse(w, 400, "InvalidParameter", "no")
			return
		}
		reply(w, 200, `{"RequestId":"REQ-9","Plaintext":"Y2FuYXJ5LWFuc3dlcg==","SecretData":"canary-answer"}`)
	})
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	public := g.public(t, func(c *PublicConfig) { c.Logger = logger })
	instance := g.clientKey(t, func(c *ClientKeyConfig) { c.Logger = logger })
	calls := 0
	for _, caller := range []Caller{public, instance} {
		for _, o := range caller.Operations() {
			params := map[string]any{}
			for _, p := range o.Params {
				params[p.Name] = map[ParamType]any{
					TypeString: "canary-string", TypeBytes: []byte("canary-bytes"), TypeInt: 7, TypeBool: true,
					TypeMap: map[string]any{"k": "canary-map"}, TypeList: []string{"canary-list"},
					TypeTags: map[string]string{"canary-tag": "v"}, TypeObject: map[string]any{"CustomData": map[string]any{"k": "canary-map"}},
				}[p.Type]
				for _, allowed := range loggedParams {
					if p.Name == allowed {
						params[p.Name] = "allowed"
					}
				}
				if p.Type == TypeInt {
					params[p.Name] = 7
				}
			}
			if _, err := caller.Raw(context.Background(), o.Name, params); err != nil {
				kmsError(t, err)
				without(t, o.Name+"'s error", err.Error(), "canary-bytes", "canary-map", "canary-tag")
			}
			calls++
		}
	}
	text := log.String()
	without(t, "log", text, "canary-string", "canary-bytes", "Y2FuYXJ5", "canary-map", "canary-list", "canary-tag", "canary-answer", canarySecret)
	if n := strings.Count(text, "kms call"); n < calls {
		t.Errorf("%d lines for %d calls", n, calls)
	}
	for _, part := range []string{"operation=DescribeKey", "attempt=1", "status=200", "request=REQ-9", "code=InvalidParameter", "took=", "KeyId=allowed"} {
		if !strings.Contains(text, part) {
			t.Errorf("%s is not in the log", part)
		}
	}
	for _, allowed := range loggedParams {
		for _, o := range append(PublicOperations(), InstanceOperations()...) {
			if p, ok := o.Param(allowed); ok && p.Secret {
				t.Errorf("%s.%s is secret and logged", o.Name, allowed)
			}
		}
	}
}
