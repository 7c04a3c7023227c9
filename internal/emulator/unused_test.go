package emulator

import (
	"context"
	"crypto/tls"
	"net"
	"testing"
	"time"
)

// TestCloseDoesNotWaitForUnusedConnections: a client that opened a connection ahead of need
// (Go's http.Transport does when requests race) held Close for its whole grace. Here the grace is
// longer than the test may run.
func TestCloseDoesNotWaitForUnusedConnections(t *testing.T) {
	s, err := Start(context.Background(), Options{Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	s.grace = 24 * time.Hour
	plain, err := net.Dial("tcp", s.listeners.http)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	secure, err := tls.Dial("tcp", s.listeners.instance, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer secure.Close()
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}
