package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// fileKind is the first field of a saved plan, so that another JSON file is not
// taken for one.
const fileKind = "kmsplan-plan"

// maxPlanFile bounds what Decode reads: about 100 times a plan of 20,000 objects.
const maxPlanFile = 1 << 30

// The failures of Decode that a caller decides on.
var (
	ErrNotAPlan    = errors.New("this is no saved plan")
	ErrNewerPlan   = errors.New("the plan was saved by a newer kmsplan")
	ErrPlanDamaged = errors.New("the saved plan is damaged")
	ErrStalePlan   = errors.New("the saved plan is stale")
)

// envelope is the saved form: the plan, and the checksum of its bytes.
type envelope struct {
	Kind     string          `json:"kind"`
	Format   int             `json:"format_version"`
	Checksum string          `json:"checksum"` // SHA-256 of plan, compact, hex
	Plan     json.RawMessage `json:"plan"`
}

// Encode writes the plan. It holds no plaintext: write-only values never enter
// a Plan, and its type has no field for one. The file still names keys and their users: write it 0600.
func Encode(w io.Writer, p *Plan) error {
	d, err := toFile(p)
	if err != nil {
		return err
	}
	body, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("encode the plan: %w", err)
	}
	e := envelope{Kind: fileKind, Format: PlanFormat, Checksum: checksum(body), Plan: body}
	if err := json.NewEncoder(w).Encode(e); err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	return nil
}

// Decode reads what Encode wrote. Errors wrap ErrNotAPlan, ErrNewerPlan or
// ErrPlanDamaged. The checksum guards against damage, not against forgery: apply
// holds the plan against configuration, state and live pre-images as well.
func Decode(r io.Reader) (*Plan, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxPlanFile+1))
	if err != nil {
		return nil, fmt.Errorf("read the plan: %w", err)
	}
	if len(raw) > maxPlanFile {
		return nil, fmt.Errorf("%w: it is larger than %d bytes", ErrNotAPlan, maxPlanFile)
	}
	var e envelope
	if err := json.Unmarshal(raw, &e); err != nil || e.Kind != fileKind {
		return nil, fmt.Errorf("%w; kmsplan plan -out=FILE writes one", ErrNotAPlan)
	}
	if e.Format < 1 {
		return nil, fmt.Errorf("%w: there is no format %d; plan again", ErrPlanDamaged, e.Format)
	}
	if e.Format > PlanFormat {
		return nil, fmt.Errorf("%w: format %d, and this version reads up to %d; upgrade kmsplan or plan again", ErrNewerPlan, e.Format, PlanFormat)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, e.Plan); err != nil || checksum(compact.Bytes()) != e.Checksum {
		return nil, fmt.Errorf("%w: its checksum does not hold; plan again", ErrPlanDamaged)
	}
	var f file
	if err := json.Unmarshal(e.Plan, &f); err != nil {
		return nil, fmt.Errorf("%w: %v; plan again", ErrPlanDamaged, err)
	}
	p, err := fromFile(f)
	if err != nil {
		return nil, fmt.Errorf("%w: %v; plan again", ErrPlanDamaged, err)
	}
	return p, nil
}

func checksum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
