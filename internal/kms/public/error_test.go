package public

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/kmstest"
)

func TestOnlyThreeCodesMeanNotFound(t *testing.T) {
	for code, want := range map[string]bool{
		"Forbidden.KeyNotFound": true, "Forbidden.ResourceNotFound": true, "Forbidden.AliasNotFound": true,
		"InvalidAccessKeyId.NotFound": false, "InvalidAction.NotFound": false, "Forbidden.KeyVersionNotFound": false,
		"Unauthorized": false, "Forbidden.DKMSInstanceNotFound": false, "": false,
	} {
		g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { kmstest.Refuse(w, 404, code, "gone") })
		_, err := client(t, g, noRetry).DescribeKey(context.Background(), "k")
		if kms.IsNotFound(err) != want || kms.IsNotFound(fmt.Errorf("reading: %w", err)) != want {
			t.Errorf("%q: %v", code, err)
		}
	}
	if kms.IsNotFound(nil) || kms.IsNotFound(errors.New("Forbidden.KeyNotFound")) {
		t.Error("other errors")
	}
}

func TestErrorSaysWhatWasAttemptedAndWhatToDo(t *testing.T) {
	for _, c := range []struct {
		status             int
		code, message, way string
	}{
		{404, "Forbidden.KeyNotFound", "The specified Key is not found.", "key's region"},
		{404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.", "kmsplan doctor"},
		{400, "SignatureDoesNotMatch", "Specified signature does not match.", "secret does not belong"},
		{403, "Forbidden.NoPermission", "This operation is forbidden by permission system.", "Grant"},
		{409, "Rejected.PendingDeletion", "The request was rejected because the key state is PendingDeletion.", "kmsplan rescue"},
		{400, "AliasAlreadyExists", "AliasName Already Exists.", "import it"},
	} {
		g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { kmstest.Refuse(w, c.status, c.code, c.message) })
		_, err := client(t, g).DescribeKey(context.Background(), "key-9")
		text := err.Error()
		for _, part := range []string{"DescribeKey key-9", "public gateway", c.code, strings.TrimSuffix(c.message, "."), "REQ-1", fmt.Sprint("HTTP ", c.status), c.way} {
			if !strings.Contains(text, part) {
				t.Errorf("%q is not in %q", part, text)
			}
		}
		if e := kmstest.KMSError(t, err); e.Outcome != kms.Definite || e.Attempts != 1 {
			t.Errorf("%+v", e)
		}
	}
}

func TestClockSkewIsMeasured(t *testing.T) {
	g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Date", time.Now().Add(20*time.Minute).UTC().Format(http.TimeFormat))
		kmstest.Refuse(w, 400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")
	})
	_, err := client(t, g).DescribeKey(context.Background(), "k")
	e := kmstest.KMSError(t, err)
	if (e.ClockSkew - 20*time.Minute).Abs() > 5*time.Second {
		t.Error(e.ClockSkew)
	}
	if !strings.Contains(err.Error(), "clock is") || !strings.Contains(err.Error(), "behind") || e.Attempts != 1 {
		t.Error(err)
	}
}

// A gateway may quote what it was sent: plaintext, the string to sign with a
// session token, an Authorization header. None of it reaches the error.
func TestServiceMessagesAreScrubbed(t *testing.T) {
	for name, message := range map[string]string{
		"base64 parameter": "parameter Y2FuYXJ5LXBsYWludGV4dC01MWFi is not valid",
		"decoded":          "bad value " + kmstest.CanaryPlain,
		"string to sign":   "server string to sign is: POST x-acs-security-token:" + kmstest.CanaryToken + " secret " + kmstest.CanarySecret,
		"header":           "got Authorization: ACS3-HMAC-SHA256 Credential=x,Signature=" + kmstest.CanarySecret,
		"json":             `{\"AccessKeySecret\": \"other-canary\"}`,
	} {
		t.Run(name, func(t *testing.T) {
			g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
				kmstest.Refuse(w, 400, "InvalidParameter", message)
			})
			p := client(t, g, func(c *Config) {
				c.Credentials = kms.StaticCredentials(kmstest.KeyID, kms.NewSecret(kmstest.CanarySecret), kms.NewSecret(kmstest.CanaryToken))
			})
			err := encryptCanary(p)
			kmstest.KMSError(t, err)
			kmstest.Without(t, "error", err.Error(), "other-canary")
			if !strings.Contains(err.Error(), kms.Redacted) {
				t.Errorf("nothing was redacted: %v", err)
			}
		})
	}
}

func TestUnsupportedIsTheStandardError(t *testing.T) {
	g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { kmstest.Reply(w, 200, `{}`) })
	_, err := client(t, g).GenerateRandom(context.Background(), 8)
	if !errors.Is(err, errors.ErrUnsupported) || kms.IsAmbiguous(err) {
		t.Error(err)
	}
}
