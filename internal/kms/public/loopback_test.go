package public

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/kms/kmstest"
	"kmsplan.dev/kmsplan/internal/kms/transport"
)

// On this machine nothing is held back, unless it throttles as the service does; what was called is counted all the same.
func TestQuotaIsOffOnLoopback(t *testing.T) {
	for name, c := range map[string]struct {
		config  Config
		allowed float64
	}{
		"here":                {Config{Connection: transport.Connection{Endpoint: "http://127.0.0.1:1"}}, 0},
		"here, as documented": {Config{Connection: transport.Connection{Endpoint: "http://127.0.0.1:1"}, Quota: transport.QuotaConfig{Loopback: true}}, 30},
		"the service":         {Config{Region: "cn-hangzhou"}, 30},
	} {
		c.config.Credentials = kmstest.Credentials
		p, err := New(c.config)
		if err != nil {
			t.Fatal(err)
		}
		o := p.operations["DescribeKey"]
		if err := p.quotas.Wait(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		if u := p.Uses(); len(u) != 1 || u[0].Allowed != c.allowed || u[0].Calls["DescribeKey"] != 1 {
			t.Errorf("%s: %+v", name, u)
		}
	}
}
