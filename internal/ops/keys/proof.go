package keys

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"

	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/safety"
)

// attempts bounds how often a wrap is asked for that arrives damaged.
const attempts = 3

// damaged says that a wrap is not what it should be. A fresh one is asked for.
type damaged struct {
	what string
	err  error // may be nil
}

func (d damaged) Error() string {
	if d.err == nil {
		return d.what
	}
	return d.what + ": " + d.err.Error()
}

func (d damaged) Unwrap() error { return d.err }

// undamaged asks until what comes is not damaged.
func undamaged[T any](ask func() (T, error)) (got T, err error) {
	for range attempts {
		if got, err = ask(); !errors.As(err, new(damaged)) {
			return got, err
		}
	}
	return got, fmt.Errorf("%w; so it was %d times, and nothing was written: something between here and KMS changes what passes", err, attempts)
}

// prove opens a fresh wrap as whoever reads it from the header will, and compares all that both answers name.
func (k *Keys) prove(ctx context.Context, g Gateway, stanza envelope.KMSStanza, key []byte, ec envelope.Context) error {
	w, err := wrapped(stanza, len(key))
	if err != nil {
		return damaged{"the wrap cannot be written into a header", err}
	}
	back, version, err := k.unwrap.decrypt(ctx, g.Crypt, w, ec)
	switch {
	case wrapsFault(err):
		return damaged{"KMS does not open the wrap that it made", err}
	case err != nil:
		return fmt.Errorf("open the new wrap once before it is relied on: %w", err)
	}
	defer clear(back)
	if subtle.ConstantTimeCompare(back, key) != 1 {
		return damaged{what: "KMS opens the wrap to another data key"}
	}
	if version != "" && stanza.KeyVersionID != UnknownVersion && version != stanza.KeyVersionID {
		return damaged{what: fmt.Sprintf("KMS said that it wrapped under key version %s and opens it with %s", stanza.KeyVersionID, version)}
	}
	return nil
}

// wrapsFault reports whether it may be the wrap's fault that KMS refused to open it. A missing right, a quota or a
// lost connection is not.
func wrapsFault(err error) bool {
	var e *kms.Error
	if !errors.As(err, &e) || e.Outcome != kms.Definite || kms.IsThrottled(err) {
		return false
	}
	switch e.Status {
	case 0:
		return e.Code == kms.CodeBadCiphertext
	case http.StatusUnauthorized, http.StatusForbidden:
		return false
	}
	return true
}

// named refuses a wrap under another key than the one that was asked for. An alias cannot be compared: which key
// it stands for is KMS's to say.
func named(asked, got string) error {
	if KeyID(got) == "" {
		return damaged{what: "KMS does not say which key it used"}
	}
	if id := KeyID(asked); !isAlias(asked) && KeyID(got) != id && !safety.Off(safety.WrapKey) {
		return damaged{what: fmt.Sprintf("KMS answered for key %s and was asked for %s", KeyID(got), id)}
	}
	return nil
}
