package public

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/kmstest"
)

// Case P6. An answer about another object than the one asked for is an error of the gateway,
// whatever the operation; after a call that changes something its outcome is unknown; and no management call
// follows it.
func TestAnswersAboutAnotherObjectAreRefused(t *testing.T) {
	for _, c := range kmstest.Truths {
		body := c.Answer
		g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { kmstest.Reply(w, 200, body) })
		if _, err := client(t, g).Raw(context.Background(), c.Operation, c.Params); err != nil {
			t.Errorf("the truth was refused: %v", err)
		}
		for i := 0; i+1 < len(c.Lies); i += 2 {
			body = strings.Replace(c.Answer, c.Lies[i], c.Lies[i+1], 1)
			if body == c.Answer {
				t.Fatalf("%s: %q is not in %s", c.Operation, c.Lies[i], c.Answer)
			}
			p, before := client(t, g), len(g.Seen())
			_, err := p.Raw(context.Background(), c.Operation, c.Params)
			if !kms.HasCode(err, kms.CodeOtherObject) || len(g.Seen()) != before+1 {
				t.Errorf("%s: %s was believed, or asked for %d times: %v", c.Operation, body, len(g.Seen())-before, err)
				continue
			}
			e := kmstest.KMSError(t, err)
			o, _ := kms.FindOperation(kms.PublicOperations(), c.Operation)
			if e.Outcome == kms.Ambiguous != o.Mutating {
				t.Errorf("%s: the outcome is %s", c.Operation, e.Outcome)
			}
			err = p.EnableKey(context.Background(), kmstest.Mine)
			if stops := o.Group != "crypto" && o.Group != "certificates"; kms.HasCode(err, kms.CodeNotTrusted) != stops || stops && len(g.Seen()) != before+1 {
				t.Errorf("%s: a call after it: %v", c.Operation, err)
			}
		}
	}
}

// What an envelope's header says of its key holds too, though the request does not say it; a header
// that lies stops nothing else.
func TestDecryptIsHeldToTheKeyOfItsCiphertext(t *testing.T) {
	g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		kmstest.Reply(w, 200, `{"KeyId":"key-1","KeyVersionId":"`+kmstest.VersionID+`","Plaintext":"eA=="}`)
	})
	p := client(t, g)
	blob, _ := base64.StdEncoding.DecodeString(kmstest.BlobMine)
	if _, _, err := p.Decrypt(context.Background(), kms.Wrapped{KeyID: kmstest.Mine, Blob: blob}, nil); !kms.HasCode(err, kms.CodeOtherObject) {
		t.Errorf("another key's: %v", err)
	}
	if _, _, err := p.Decrypt(context.Background(), kms.Wrapped{KeyID: "key-1", Blob: blob}, nil); err != nil {
		t.Error(err)
	}
}
