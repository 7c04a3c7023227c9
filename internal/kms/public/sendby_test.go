package public

import (
	"context"
	"net/http"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/kmstest"
)

// A call that changes something is not sent after its time, whatever came before; a read is.
func TestNothingIsSentAfterItsTime(t *testing.T) {
	g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { kmstest.Reply(w, 200, kmstest.DescribedKey) })
	p := client(t, g)
	late := kms.WithSendBy(context.Background(), time.Now().Add(-time.Millisecond))
	if _, err := p.CreateKey(late, kms.CreateKeyInput{}); !kms.HasCode(err, kms.CodeTooLate) || kms.IsAmbiguous(err) || len(g.Seen()) != 0 {
		t.Errorf("%d requests: %v", len(g.Seen()), err)
	}
	if _, err := p.DescribeKey(late, "key-1"); err != nil {
		t.Error(err)
	}
	if _, err := p.CreateKey(kms.WithSendBy(context.Background(), time.Now().Add(time.Minute)), kms.CreateKeyInput{}); err != nil {
		t.Error(err)
	}
}
