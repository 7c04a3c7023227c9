package kms_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/clientkey"
	"kmsplan.dev/kmsplan/internal/kms/kmstest"
	"kmsplan.dev/kmsplan/internal/kms/public"
	"kmsplan.dev/kmsplan/internal/kms/transport"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// Every operation, every parameter filled with its own canary, with the most
// verbose log: only allow-listed parameters show, and no secret anywhere.
func TestLogHoldsOnlyAllowedParameters(t *testing.T) {
	g := kmstest.Serve(t, func(w http.ResponseWriter, r *http.Request, n int) {
		if name := r.Header.Get(dkms.HeaderAPIName); name != "" {
			_, out := kmstest.ProtoMessages(name)
			kmstest.AnswerProto(w, 200, out)
			return
		}
		if n%2 == 0 {
			kmstest.Refuse(w, 400, "InvalidParameter", "no")
			return
		}
		kmstest.Reply(w, 200, `{"RequestId":"REQ-9","Plaintext":"Y2FuYXJ5LWFuc3dlcg==","SecretData":"canary-answer"}`)
	})
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	public := connectPublic(t, g, func(c *public.Config) { c.Logger = logger })
	instance := connectInstance(t, g, func(c *clientkey.Config) { c.Logger = logger })
	calls := 0
	for _, caller := range []kms.Caller{public, instance} {
		for _, o := range caller.Operations() {
			params := map[string]any{}
			for _, p := range o.Params {
				params[p.Name] = map[kms.ParamType]any{
					kms.TypeString: "canary-string", kms.TypeBytes: []byte("canary-bytes"), kms.TypeInt: 7, kms.TypeBool: true,
					kms.TypeMap: map[string]any{"k": "canary-map"}, kms.TypeList: []string{"canary-list"},
					kms.TypeTags: map[string]string{"canary-tag": "v"}, kms.TypeObject: map[string]any{"CustomData": map[string]any{"k": "canary-map"}},
				}[p.Type]
				for _, allowed := range transport.LoggedParams {
					if p.Name == allowed {
						params[p.Name] = "allowed"
					}
				}
				if p.Type == kms.TypeInt {
					params[p.Name] = 7
				}
			}
			if _, err := caller.Raw(context.Background(), o.Name, params); err != nil {
				kmstest.KMSError(t, err)
				kmstest.Without(t, o.Name+"'s error", err.Error(), "canary-bytes", "canary-map", "canary-tag")
			}
			calls++
		}
	}
	text := log.String()
	kmstest.Without(t, "log", text, "canary-string", "canary-bytes", "Y2FuYXJ5", "canary-map", "canary-list", "canary-tag", "canary-answer", kmstest.CanarySecret)
	if n := strings.Count(text, "kms call"); n < calls {
		t.Errorf("%d lines for %d calls", n, calls)
	}
	for _, part := range []string{"operation=DescribeKey", "attempt=1", "status=200", "request=REQ-9", "code=InvalidParameter", "took=", "KeyId=allowed"} {
		if !strings.Contains(text, part) {
			t.Errorf("%s is not in the log", part)
		}
	}
	for _, allowed := range transport.LoggedParams {
		for _, o := range append(kms.PublicOperations(), kms.InstanceOperations()...) {
			if p, ok := o.Param(allowed); ok && p.Secret {
				t.Errorf("%s.%s is secret and logged", o.Name, allowed)
			}
		}
	}
}
