package oss_test

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/remote/placetest"
)

func TestWorkspaces(t *testing.T) {
	s := serve(t)
	for _, versioning := range []string{"", "Enabled"} {
		o := s.bucket(t, versioning)
		placetest.Houses(t, func() remote.House { return open(t, o) })
	}
}
