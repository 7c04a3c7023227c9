package clientkey

import (
	"context"
	"net/http"
	"testing"

	"google.golang.org/protobuf/proto"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/kmstest"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// §6. The instance gateway answers in protobuf; what is of another type is not read as that,
// although its bytes would do.
func TestInstanceAnswersOfAnotherTypeAreRefused(t *testing.T) {
	body, err := proto.Marshal(&dkms.AdvanceEncryptResponse{KeyId: "key-1", CiphertextBlob: []byte("x")})
	if err != nil {
		t.Fatal(err)
	}
	for contentType, refused := range map[string]bool{
		"text/html": true, "application/json": true, "text/plain; charset=utf-8": true,
		dkms.ContentType: false, "application/octet-stream": false,
	} {
		g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
			w.Header().Set("Content-Type", contentType)
			_, _ = w.Write(body)
		})
		_, err := client(t, g, func(c *Config) { c.Retry.MaxAttempts = 1 }).Encrypt(context.Background(), "key-1", []byte("x"), nil)
		if kms.HasCode(err, kms.CodeBadAnswer) != refused {
			t.Errorf("%s: %v", contentType, err)
		}
	}
}
