package quota

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/kms"
)

func TestKeyOperationsOfABatchTakeTurnsAndNoOthers(t *testing.T) {
	p := NewPacer(NewMemory(1000, nil))
	ctx := With(t.Context(), p)
	for _, c := range []struct {
		operation kms.Operation
		made      int64
	}{
		{kms.Operation{Name: "GenerateDataKey", Quota: kms.QuotaSymmetric}, 1},
		{kms.Operation{Name: "AdvanceDecrypt"}, 2},
		{kms.Operation{Name: "DescribeKey", Quota: kms.QuotaKeyRead}, 2},
	} {
		turn, err := Turns{}.Begin(ctx, &c.operation)
		if err != nil {
			t.Fatal(err)
		}
		Turns{}.Refused(ctx, &c.operation, turn)
		if made, _ := p.Calls(); made != c.made {
			t.Errorf("after %s %d calls have taken a turn, want %d", c.operation.Name, made, c.made)
		}
	}
	if _, refused := p.Calls(); refused != 2 {
		t.Errorf("%d refusals were heard of", refused)
	}
	if _, err := (Turns{}).Begin(t.Context(), &kms.Operation{Name: "Encrypt", Quota: kms.QuotaSymmetric}); err != nil {
		t.Error(err)
	}
	if made, _ := p.Calls(); made != 2 {
		t.Error("a call of no batch took a turn")
	}
}
