package emulator

import (
	"crypto/tls"
	"fmt"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/oss"
)

// objectDoor is the object service's address. It shares the accounts and the data with everything else, and nothing more: no
// fault, rate or virtual clock reaches it.
func (s *Server) objectDoor(o *settings) (door, error) {
	leaf, err := s.authority.Leaf()
	if err != nil {
		return door{}, fmt.Errorf("start the emulator: %w", err)
	}
	h := oss.New(oss.Config{
		DB: s.db, Credentials: s.engine.Credential, DefaultAccessKeyID: func() string { return s.engine.Bootstrap().AccessKeyID },
		Auth: o.auth, Region: o.Region, Now: time.Now, NewRequestID: s.requestIDs.next, Logger: o.Logger,
	})
	secured := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{*leaf}, NextProtos: alpn()}
	return door{&s.listeners.oss, o.OSSListen, gatewayServer(h, o.Logger), secured, ""}, nil
}
