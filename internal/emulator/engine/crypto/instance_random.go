package crypto

import (
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// instanceRandom answers random bytes. It needs no key and so no permission.
func instanceRandom(e *core.Engine, c *core.Call, in *dkms.GenerateRandomRequest) (*dkms.GenerateRandomResponse, error) {
	if err := core.Needed("Length", in.GetLength() != 0); err != nil {
		return nil, err
	}
	if in.GetLength() < 1 || in.GetLength() > core.RandomMax {
		return nil, core.ErrInvalidParameter("Length")
	}
	random, err := e.Random(int(in.GetLength()))
	if err != nil {
		return nil, err
	}
	c.KeyVersionID = "" // no version took part, whatever the request's header said
	return &dkms.GenerateRandomResponse{Random: random, RequestId: c.RequestID}, nil
}
