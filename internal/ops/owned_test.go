package ops

import (
	"os"
	"testing"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/plan"
)

// TestWhatIsOwnedIsAskedBeforeAndWhenItIsWritten: an output or a rewrap that leads to kmsplan's own files costs no call; one
// that leads there only by the time it is written, because a link was made meanwhile, leaves them as they are. Case P3.
func TestWhatIsOwnedIsAskedBeforeAndWhenItIsWritten(t *testing.T) {
	r := newRig(t)
	keys := []string{r.aesKey(), r.aesKey()}
	r.encrypted(r.engine(), "small", []byte("x"), Seal{Key: keys[0]})
	r.encrypted(r.engine(), "large", pattern(envelope.CompactLimit, 1), Seal{Key: keys[0]})
	r.write("out", []byte("old"), 0o600)
	block := func(kind string) Block {
		return Block{Addr: addr.DataBlock(kind, "b"), Source: "small", Output: "out", Seal: Seal{Key: keys[0]}, Target: Target{Gateway: "instance", Key: keys[1]}}
	}
	decrypt := block("decrypt")
	decrypt.Source = "small.enc"
	all := []string{"AdvanceGenerateDataKey", "AdvanceEncrypt", "AdvanceDecrypt"}
	for name, tt := range map[string]struct {
		block Block
		path  string
		early bool // refused before anything is called
	}{
		"encrypt":         {block("encrypt"), "out", true},
		"decrypt":         {decrypt, "out", true},
		"rewrap whole":    {block("rewrap"), "small.enc", false},
		"rewrap in place": {block("rewrap"), "large.enc", false},
	} {
		before := r.read(tt.path)
		for free := range 2 { // how often the question is answered with no
			asked, calls := 0, r.calls(all...)
			e := r.engine(func(o *Options) {
				o.Owned = func(string) string {
					if asked++; asked <= free {
						return ""
					}
					return "this stack's state"
				}
			})
			_, _, err := e.Run(t.Context(), r.root(), tt.block, plan.FileChange{Path: tt.path}, nil)
			if free > 0 && name == "rewrap in place" {
				if err != nil {
					t.Errorf("%s asks more than once: %v", name, err)
				}
				continue
			}
			wants(t, err, "which no data block may write over")
			if string(r.read(tt.path)) != string(before) {
				t.Errorf("%s, asked %d times: it was written", name, asked)
			}
			if tt.early && free == 0 && r.calls(all...) != calls {
				t.Errorf("%s: KMS was called for what must not be written", name)
			}
		}
	}
	if info, err := os.Stat(r.path("out")); err != nil || info.Size() != 3 {
		t.Error("the old output is gone")
	}
}
