package clientkey

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/transport"
	"kmsplan.dev/kmsplan/internal/kms/wire/ciphertext"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
	"kmsplan.dev/kmsplan/internal/safety"
)

// call is one call from top to bottom: marshal, then for each attempt date,
// sign and send, and read the answer into out. version names a key version in
// the migration header, or "". It returns the answer's own migration header.
func (c *Client) call(ctx context.Context, operation, object, version string, in, out proto.Message) (string, error) {
	o := c.operations[operation]
	body := marshal(in)
	if body == nil || len(body) > dkms.MaxBody {
		e := c.newError(operation, object)
		e.Code, e.Message = kms.CodeBadParameter, "the request is larger than 3 MiB or has text that is not UTF-8"
		return "", e
	}
	digest := dkms.HashBody(body)
	var answered string
	e := c.retrier.Do(ctx, o, func(ctx context.Context, attempt int) *kms.Error {
		started := time.Now()
		a, e := c.attempt(ctx, o, object, version, digest, body)
		if e == nil {
			e = c.read(o, object, a, in, out)
		}
		answered = a.Header.Get(headerMigrationVersion)
		if e == nil {
			e = c.believe(o, object, version, answered, in, out)
		}
		if transport.Logging(ctx, c.log) {
			transport.LogCall(ctx, c.log, transport.CallRecord{Operation: o, Gateway: kms.GatewayInstance, Params: loggedObject(o, object), Attempt: attempt,
				Took: time.Since(started), Status: a.Status, Request: messageRequestID(out), Err: e})
		}
		return e
	})
	if e != nil {
		return "", e
	}
	return answered, nil
}

// marshal returns nil for text that is not UTF-8.
func marshal(in proto.Message) []byte {
	body, err := proto.Marshal(in)
	if err != nil {
		return nil
	}
	if body == nil {
		return []byte{}
	}
	return body
}

func (c *Client) attempt(ctx context.Context, o *kms.Operation, object, version, digest string, body []byte) (transport.Answer, *kms.Error) {
	attemptCtx, cancel := context.WithTimeout(ctx, c.exchange.Timeout)
	defer cancel()
	req, err := c.request(attemptCtx, o.Name, version, digest, body)
	if err != nil {
		e := c.newError(o.Name, object)
		e.Code, e.Message = kms.CodeBadParameter, "the request could not be signed: "+err.Error()
		return transport.Answer{}, e
	}
	a, sent, err := c.exchange.RoundTrip(req)
	if err != nil {
		return transport.Answer{}, transport.Fail(ctx, c.newError(o.Name, object), sent, err)
	}
	return a, nil
}

// request builds and signs one request. Each attempt has its own date.
func (c *Client) request(ctx context.Context, operation, version, digest string, body []byte) (*http.Request, error) {
	header := make(http.Header, len(c.header)+5)
	for name, values := range c.header {
		header[name] = values
	}
	header[headerAPIName] = []string{operation}
	header[headerContentSHA256] = []string{digest}
	header[headerDate] = []string{time.Now().UTC().Format(http.TimeFormat)}
	if version != "" {
		header[headerMigrationVersion] = []string{version}
	}
	authorization, err := dkms.Sign(c.key.Key, http.MethodPost, header)
	if err != nil {
		return nil, err
	}
	header[headerAuthorization] = []string{authorization}
	req := &http.Request{
		Method: http.MethodPost, URL: c.url, Host: c.url.Host, Header: header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}
	return req.WithContext(ctx), nil
}

// read turns an answer into out or an error.
func (c *Client) read(o *kms.Operation, object string, a transport.Answer, in, out proto.Message) *kms.Error {
	if a.Status == http.StatusOK && (isProtobuf(a.Header) || safety.Off(safety.AnswerTyped)) && proto.Unmarshal(a.Body, out) == nil {
		return nil
	}
	now := time.Now()
	e := c.newError(o.Name, object)
	e.Status, e.RetryAfter, e.ClockSkew = a.Status, a.RetryAfter(now), a.ClockSkew(now)
	var said dkms.Error
	switch {
	case a.Status == http.StatusRequestEntityTooLarge:
		e.Code, e.Message = "RequestEntityTooLarge", "the request is larger than the gateway takes (3 MiB)"
	case a.Status >= 300 && a.Status < 400:
		e.Code, e.Message, e.Outcome = kms.CodeRedirect, "the answer is a redirect, which is never followed", kms.Ambiguous
	case a.Status >= 400 && isProtobuf(a.Header) && proto.Unmarshal(a.Body, &said) == nil && said.ErrorCode != "":
		secrets := secretsOf(in)
		e.Code, e.Message = kms.ScrubSecrets(said.ErrorCode, secrets), kms.ScrubSecrets(said.ErrorMessage, secrets)
		e.RequestID = kms.ScrubSecrets(said.RequestId, secrets)
		if a.Status >= 500 {
			e.Outcome = kms.Ambiguous
		}
	default:
		a.Foreign(e)
	}
	return e
}

// believe holds a success against its request. Key versions travel in headers where a message has no
// field for them.
func (c *Client) believe(o *kms.Operation, object, version, answered string, in, out proto.Message) *kms.Error {
	said := names(out)
	if _, has := said["KeyVersionId"]; !has && answered != "" {
		said["KeyVersionId"] = answered
	}
	about := map[string]any{"KeyId": object}
	if version != "" {
		about["KeyVersionId"] = version
	}
	if o.Name == "GetSecretValue" {
		about = nil
	}
	if wrong := c.comparer.Compare(o, kms.AskedIn(names(in), about), said); wrong != "" {
		return c.newError(o.Name, object).OtherObject(o, wrong)
	}
	return nil
}

// names lists a message's texts, lists of texts and ciphertext under the API's names.
func names(m proto.Message) map[string]any {
	found := map[string]any{}
	m.ProtoReflect().Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		name := strings.ToUpper(field.JSONName()[:1]) + field.JSONName()[1:]
		switch {
		case field.IsList() && field.Kind() == protoreflect.StringKind:
			var list []any
			for i := range value.List().Len() {
				list = append(list, value.List().Get(i).String())
			}
			found[name] = list
		case field.Kind() == protoreflect.StringKind:
			found[name] = value.String()
		case name == "CiphertextBlob":
			found[name] = value.Bytes()
		}
		return true
	})
	return found
}

// loggedObject names the object as the parameter that it is.
func loggedObject(o *kms.Operation, object string) map[string]any {
	if o.Name == "GetSecretValue" {
		return map[string]any{"SecretName": object}
	}
	return map[string]any{"KeyId": object}
}

func messageRequestID(m proto.Message) string {
	field := m.ProtoReflect().Descriptor().Fields().ByName("request_id")
	return m.ProtoReflect().Get(field).String()
}

// isProtobuf is false for the pages of proxies and portals.
func isProtobuf(header http.Header) bool {
	t := header.Get("Content-Type")
	return t == "" || strings.Contains(t, "protobuf") || strings.Contains(t, "octet-stream")
}

// secretsOf lists a request's plaintext and message, which an error must not
// quote.
func secretsOf(in proto.Message) []string {
	var secrets []string
	in.ProtoReflect().Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		if name := field.Name(); name == "plaintext" || name == "message" {
			secrets = append(secrets, string(value.Bytes()))
		}
		return true
	})
	return secrets
}

func (c *Client) newError(operation, object string) *kms.Error {
	return &kms.Error{Gateway: kms.GatewayInstance, Endpoint: c.exchange.Endpoint.Host, Operation: operation,
		Object: kms.ObjectOf(map[string]any{"Name": object})}
}

// incomplete is the error for a success that lacks what it must have.
func (c *Client) incomplete(operation, object, field string) error {
	e := c.newError(operation, object)
	e.Code, e.Message, e.Status = kms.CodeBadAnswer, "the answer has no "+field, http.StatusOK
	return e
}

// badBlob is the error for ciphertext that is refused before it is sent.
func (c *Client) badBlob(object string, err error) error {
	e := c.newError("AdvanceDecrypt", object)
	e.Code, e.Message = kms.CodeBadCiphertext, err.Error()
	if errors.Is(err, ciphertext.ErrSize) {
		e.Code = kms.CodeBadAnswer
	}
	return e
}
