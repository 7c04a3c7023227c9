package engine

import "kmsplan.dev/kmsplan/internal/kms/wire/dkms"

// instanceRandom answers random bytes. It needs no key and so no permission.
func (e *Engine) instanceRandom(c *Call, in *dkms.GenerateRandomRequest) (*dkms.GenerateRandomResponse, error) {
	if err := needed("Length", in.GetLength() != 0); err != nil {
		return nil, err
	}
	if in.GetLength() < 1 || in.GetLength() > randomMax {
		return nil, errInvalidParameter("Length")
	}
	random, err := e.random(int(in.GetLength()))
	if err != nil {
		return nil, err
	}
	c.KeyVersionID = "" // no version took part, whatever the request's header said
	return &dkms.GenerateRandomResponse{Random: random, RequestId: c.RequestID}, nil
}
