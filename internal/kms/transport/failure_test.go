package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/kms"
)

func TestUnknownHostIsFinalAndExplained(t *testing.T) {
	for _, c := range []struct{ gateway, want string }{
		{kms.GatewayPublic, "region's name"}, {kms.GatewayInstance, "only in their bound VPC"},
	} {
		e := &kms.Error{Gateway: c.gateway, Operation: "Encrypt"}
		Fail(context.Background(), e, false, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "kst-1.example", IsNotFound: true}})
		if e.Code != kms.CodeUnreachable || verdictOf(e) != final || !strings.Contains(e.Error(), c.want) {
			t.Error(e)
		}
	}
}

// §6. An error whose text may come from outside is not passed on.
func TestForeignCausesAreReplaced(t *testing.T) {
	const canary = "canary-of-the-other-side"
	for _, err := range []error{
		errors.New("said: " + canary),
		&url.Error{Op: "Post", URL: "https://host/?Plaintext=" + canary, Err: errors.New(canary)},
		fmt.Errorf("malformed %s", canary),
	} {
		if text := safeCause(err).Error(); strings.Contains(text, canary) {
			t.Error(text)
		}
	}
	own := &net.OpError{Op: "dial", Err: errors.New("refused")}
	if safeCause(own) == errLost {
		t.Error("an error of this machine was replaced")
	}
}
