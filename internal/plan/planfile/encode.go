package planfile

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
)

// fileKind is the first field of a saved plan, so that another JSON file is not taken for one.
const fileKind = "kmsplan-plan"

// MaxSize bounds what Decode reads: about 100 times a plan of 20,000 objects.
const MaxSize = 1 << 30

// envelope is the saved form: the plan, the checksum of its bytes and their seal.
type envelope struct {
	Kind     string          `json:"kind"`
	Format   int             `json:"format_version"`
	Checksum string          `json:"checksum"` // SHA-256 of plan, compact, hex
	Seal     []byte          `json:"seal"`     // see sealKey
	Plan     json.RawMessage `json:"plan"`
}

// Encode writes the plan. It holds no plaintext by construction, and still names keys and their users:
// write it 0600.
func (f *File) Encode(w io.Writer) error {
	d, err := toDocument(f)
	if err != nil {
		return err
	}
	body, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("encode the plan: %w", err)
	}
	e := envelope{Kind: fileKind, Format: Format, Checksum: checksum(body), Seal: sealOf(f.key, body), Plan: body}
	if err := json.NewEncoder(w).Encode(e); err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	return nil
}

// Decode reads what Encode wrote. Errors wrap ErrNotAPlan, ErrOldPlan, ErrNewer or ErrDamaged. The checksum
// guards against damage, not against forgery; see Holds and Compare.
func Decode(r io.Reader) (*File, error) {
	e, err := readEnvelope(r)
	if err != nil {
		return nil, err
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, e.Plan); err != nil || checksum(compact.Bytes()) != e.Checksum {
		return nil, fmt.Errorf("%w: its checksum does not hold; plan again", ErrDamaged)
	}
	var d document
	if err := json.Unmarshal(e.Plan, &d); err != nil {
		return nil, fmt.Errorf("%w: %v; plan again", ErrDamaged, err)
	}
	f, err := fromDocument(d)
	if err != nil {
		return nil, fmt.Errorf("%w: %v; plan again", ErrDamaged, err)
	}
	f.sealed, f.seal = compact.Bytes(), e.Seal
	return f, nil
}

func readEnvelope(r io.Reader) (e envelope, err error) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err != nil {
		return e, fmt.Errorf("read the plan: %w", err)
	}
	if len(raw) > MaxSize {
		return e, fmt.Errorf("%w: it is larger than %d bytes", ErrNotAPlan, MaxSize)
	}
	if err := json.Unmarshal(raw, &e); err != nil || e.Kind != fileKind {
		return e, fmt.Errorf("%w; kmsplan plan -out=FILE writes one", ErrNotAPlan)
	}
	switch {
	case e.Format == Format:
		return e, nil
	case e.Format > Format:
		return e, fmt.Errorf("%w: format %d, and this version reads format %d; upgrade kmsplan or plan again", ErrNewer, e.Format, Format)
	case e.Format < 1:
		return e, fmt.Errorf("%w: there is no format %d; plan again", ErrDamaged, e.Format)
	}
	return e, fmt.Errorf("%w, in format %d, which says too little of what it was made from to be applied safely; plan again with kmsplan plan -out=FILE", ErrOldPlan, e.Format)
}

// sealedBy reports whether the file is as it was saved, by who could read that state.
func (f *File) sealedBy(key []byte) bool {
	return hmac.Equal(f.seal, sealOf(key, f.sealed))
}

func checksum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
