package clientkey

import (
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/kms/kmstest"
	"kmsplan.dev/kmsplan/internal/kms/transport"
)

func TestClientKeyNeedsTLS(t *testing.T) {
	_, err := New(Config{Connection: transport.Connection{Endpoint: "http://127.0.0.1:1"}, Key: kmstest.ClientKey(t)})
	if err == nil || !strings.Contains(err.Error(), "https only") {
		t.Error(err)
	}
}
