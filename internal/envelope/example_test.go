package envelope_test

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"filippo.io/age"

	"kmsplan.dev/kmsplan/internal/envelope"
)

// A file is sealed for recipients, here a break-glass key, and for a context: whoever opens it has to have both.
func Example() {
	ctx := context.Background()
	key, err := age.GenerateX25519Identity()
	if err != nil {
		fmt.Println(err)
		return
	}
	var file bytes.Buffer
	w, err := envelope.Seal(ctx, &file, envelope.Options{
		Context:    envelope.Context{"app": "orders", "env": "prod"},
		Recipients: []envelope.Recipient{envelope.AgeRecipient(key.Recipient())},
		Size:       envelope.UnknownSize,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Fprint(w, "password: hunter2\n")
	if err := w.Close(); err != nil { // without it the file is truncated, and readers say so
		fmt.Println(err)
		return
	}

	identities := []envelope.Identity{envelope.AgeIdentity(key)}
	_, err = envelope.Open(ctx, bytes.NewReader(file.Bytes()), envelope.OpenOptions{Identities: identities, Context: envelope.Context{"app": "billing"}})
	fmt.Println("for another context:", err != nil)

	r, err := envelope.Open(ctx, &file, envelope.OpenOptions{Identities: identities})
	if err != nil {
		fmt.Println(err)
		return
	}
	plaintext, err := io.ReadAll(r)
	fmt.Printf("%s%v\n", plaintext, err)
	// Output:
	// for another context: true
	// password: hunter2
	// <nil>
}
