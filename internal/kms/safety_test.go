package kms

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// §6. A server that speaks TLS 1.0 and 1.1 only is not spoken to, on either gateway.
func TestOldTLSIsRefused(t *testing.T) {
	g := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { reply(w, 200, describedKey) })
	g.TLS.MinVersion, g.TLS.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	old := serveTLS(t, g.TLS)
	for name, call := range map[string]func() error{
		"public": func() error {
			_, err := g.public(t, noRetry, func(c *PublicConfig) { c.Endpoint = old }).DescribeKey(context.Background(), "key-1")
			return err
		},
		"instance": func() error {
			k := g.clientKey(t, func(c *ClientKeyConfig) { c.Endpoint, c.Retry.MaxAttempts = old, 1 })
			_, err := k.Encrypt(context.Background(), "key-1", []byte(canaryPlain), nil)
			return err
		},
	} {
		if e := kmsError(t, call()); e.Code != CodeTLS || e.Outcome != Definite {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

// serveTLS answers like a gateway, under another configuration of TLS.
func serveTLS(t *testing.T, config *tls.Config) string {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{ErrorLog: quiet(), ReadHeaderTimeout: time.Minute,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, describedKey) })}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close() })
	return "https://" + l.Addr().String()
}

// §6. What a server writes in place of HTTP, and any error whose text may come from outside, is not
// passed on.
func TestForeignErrorTextIsNotPassedOn(t *testing.T) {
	for _, answer := range []string{
		"HTTP/1.1 " + canaryPlain + "\r\n\r\n",
		canaryPlain + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\n" + canaryPlain + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: " + canaryPlain + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + canaryPlain + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + canaryPlain + "\r\n",
	} {
		g := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
			conn, out, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			writeOnce(conn, out, answer)
		})
		e := kmsError(t, encryptCanary(g.public(t, noRetry)))
		if e.Cause == nil || e.Outcome != Ambiguous {
			t.Errorf("%q: %+v", answer, e)
		}
	}
	for _, err := range []error{
		errors.New("said: " + canaryPlain),
		&url.Error{Op: "Post", URL: "https://host/?Plaintext=" + canaryPlain, Err: errors.New(canaryPlain)},
		fmt.Errorf("malformed %s", canaryPlain),
	} {
		without(t, "cause", safeCause(err).Error(), canaryPlain)
	}
	own := &net.OpError{Op: "dial", Err: errors.New("refused")}
	if safeCause(own) == errLost {
		t.Error("an error of this machine was replaced")
	}
}

func writeOnce(conn net.Conn, out *bufio.ReadWriter, text string) {
	defer conn.Close()
	_, _ = out.WriteString(text)
	_ = out.Flush()
}

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
		g := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
			w.Header().Set("Content-Type", contentType)
			_, _ = w.Write(body)
		})
		_, err := g.clientKey(t, func(c *ClientKeyConfig) { c.Retry.MaxAttempts = 1 }).Encrypt(context.Background(), "key-1", []byte("x"), nil)
		if HasCode(err, CodeBadAnswer) != refused {
			t.Errorf("%s: %v", contentType, err)
		}
	}
}

// §6. A data key of another length than the one asked for is refused at each gateway, and so is one
// without a wrapped form.
func TestADataKeyOfWrongLengthIsRefused(t *testing.T) {
	for _, c := range []struct {
		plaintext, blob []byte
		ok              bool
	}{
		{make([]byte, 32), []byte("b"), true}, {make([]byte, 31), []byte("b"), false}, {make([]byte, 33), []byte("b"), false},
		{nil, []byte("b"), false}, {make([]byte, 32), nil, false},
	} {
		g := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
			if r.Header.Get(dkms.HeaderAPIName) != "" {
				answerProto(w, 200, &dkms.AdvanceGenerateDataKeyResponse{KeyId: "key-1", Plaintext: c.plaintext, CiphertextBlob: c.blob})
				return
			}
			plaintext, _ := plainText(c.plaintext)
			blob, _ := plainText(c.blob)
			reply(w, 200, fmt.Sprintf(`{"KeyId":"key-1","Plaintext":%q,"CiphertextBlob":%q}`, plaintext, blob))
		})
		for name, from := range map[string]Cryptographer{"public": g.public(t), "instance": g.clientKey(t)} {
			if _, err := from.GenerateDataKey(context.Background(), "key-1", 32, nil); (err == nil) != c.ok || err != nil && !HasCode(err, CodeBadAnswer) {
				t.Errorf("%s: %d bytes, wrapped in %d: %v", name, len(c.plaintext), len(c.blob), err)
			}
		}
	}
}

// A call that changes something is not sent after its time, whatever came before; a read is.
func TestNothingIsSentAfterItsTime(t *testing.T) {
	g := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { reply(w, 200, describedKey) })
	p := g.public(t)
	late := WithSendBy(context.Background(), time.Now().Add(-time.Millisecond))
	if _, err := p.CreateKey(late, CreateKeyInput{}); !HasCode(err, CodeTooLate) || IsAmbiguous(err) || len(g.seen()) != 0 {
		t.Errorf("%d requests: %v", len(g.seen()), err)
	}
	if _, err := p.DescribeKey(late, "key-1"); err != nil {
		t.Error(err)
	}
	if _, err := p.CreateKey(WithSendBy(context.Background(), time.Now().Add(time.Minute)), CreateKeyInput{}); err != nil {
		t.Error(err)
	}
}
