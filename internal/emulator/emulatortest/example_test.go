package emulatortest_test

import (
	"net/http"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
)

// A test starts an emulator of its own. It listens on loopback over real TLS, keeps everything in memory, and ends with the test.
func ExampleNew() {
	_ = func(t *testing.T) {
		server := emulatortest.New(t, func(o *emulator.Options) { o.Region = "cn-shanghai" })
		ready := server.Ready()
		t.Log("the public gateway:", ready.Public.HTTPS, "with the AccessKey", ready.AccessKeyID)
		t.Log("the instance gateway:", ready.Instance.Endpoint, "with the ClientKey in", ready.Instance.ClientKeyFile)
	}
}

// TestNewServesUntilTheTestEnds holds what the package is for: an emulator that answers, and that is gone afterwards.
func TestNewServesUntilTheTestEnds(t *testing.T) {
	var url string
	t.Run("inside", func(t *testing.T) {
		url = "http://" + emulatortest.New(t).Ready().Public.HTTP
		answer, err := http.Get(url)
		if err != nil {
			t.Fatalf("the emulator does not answer: %v", err)
		}
		answer.Body.Close()
	})
	if answer, err := http.Get(url); err == nil {
		answer.Body.Close()
		t.Error("the emulator outlives its test")
	}
}
