package public

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/kms/kmstest"
	"kmsplan.dev/kmsplan/internal/kms/transport"
)

func TestQuotaIsOffOnLoopback(t *testing.T) {
	p, err := New(Config{Connection: transport.Connection{Endpoint: "http://127.0.0.1:1"}, Credentials: kmstest.Credentials})
	if err != nil || p.quotas != nil {
		t.Error(p.quotas, err)
	}
	p, err = New(Config{Region: "cn-hangzhou", Credentials: kmstest.Credentials})
	if err != nil || p.quotas == nil {
		t.Error(err)
	}
}
