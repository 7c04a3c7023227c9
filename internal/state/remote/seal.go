package remote

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
)

// About says what sealed bytes are; they open as what they were sealed as, and as nothing else.
type About struct {
	Purpose string // PurposeState or PurposeJournal
	Lineage string
	Serial  uint64 // of the state; of the journal the epoch of its writer
}

// The purposes of sealed bytes.
const (
	PurposeState   = "state"
	PurposeJournal = "journal"
)

// Sealer keeps what is stored from whoever keeps it.
type Sealer interface {
	Seal(ctx context.Context, about About, plain []byte) ([]byte, error)
	Open(ctx context.Context, about About, sealed []byte) ([]byte, error)
}

// Teller is a Sealer that tells which key bytes are sealed under, without opening them; "" = none.
type Teller interface{ Under(sealed []byte) string }

// Clear is the Sealer of a stack that said in words that its state is not encrypted.
type Clear struct{}

// Seal implements Sealer.
func (Clear) Seal(_ context.Context, _ About, plain []byte) ([]byte, error) { return plain, nil }

// Open implements Sealer.
func (Clear) Open(_ context.Context, _ About, sealed []byte) ([]byte, error) { return sealed, nil }

// mostOpened is the largest object that is unpacked, in bytes: a state of a million objects is smaller.
const mostOpened = 1 << 30

// packed compresses what a Sealer gets: states are JSON, and a tenth of it is enough.
type packed struct{ Sealer }

func (p packed) under(sealed []byte) string {
	if t, ok := p.Sealer.(Teller); ok {
		return t.Under(sealed)
	}
	return ""
}

func (p packed) Seal(ctx context.Context, about About, plain []byte) ([]byte, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(plain)
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, err
	}
	return p.Sealer.Seal(ctx, about, b.Bytes())
}

func (p packed) Open(ctx context.Context, about About, sealed []byte) ([]byte, error) {
	b, err := p.Sealer.Open(ctx, about, sealed)
	if err != nil {
		return nil, err
	}
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(io.LimitReader(r, mostOpened+1))
	if err == nil && len(plain) > mostOpened {
		err = fmt.Errorf("it is larger than %d bytes", mostOpened)
	}
	return plain, errors.Join(err, r.Close())
}
