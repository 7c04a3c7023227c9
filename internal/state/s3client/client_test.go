package s3client_test

import (
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/state/s3client"
)

func TestWhoNeedsTheClientIsNamed(t *testing.T) {
	for want, o := range map[string]s3client.Options{
		"the s3 source's endpoint \"host:1\" is no URL":                        {Endpoint: "host:1"},
		"the s3 source's endpoint http://store.example is not encrypted":       {Endpoint: "http://store.example"},
		"the s3 source's endpoint holds credentials":                           {Endpoint: "https://a:canary@store.example"},
		"the s3 source's endpoint \"https://store.example/path\" is no URL of": {Endpoint: "https://store.example/path"},
		"the s3 source's ca_file":                                              {CAFile: "nowhere.pem"},
	} {
		o.For = "s3 source"
		if _, err := s3client.Open(o); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: %v", want, err)
		}
	}
}
