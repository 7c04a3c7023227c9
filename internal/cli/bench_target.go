package cli

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/suggest"
)

// benchTarget is an operation with its parameters, ready to be called.
type benchTarget struct {
	caller   kms.Caller
	op       kms.Operation
	params   map[string]any
	numbered []string // parameters that hold {n}
	made     int      // calls that were made to prepare
}

// overOpenAPI are the names that the OpenAPI has for operations of the instance gateway's own protocol.
var overOpenAPI = map[string]string{"Sign": "AsymmetricSign", "Verify": "AsymmetricVerify"}

// target finds the operation, in any spelling, and who serves it.
func (b *benchmark) target(ctx context.Context, gateways *stack.Gateways, spelt string) (*benchTarget, error) {
	flat := func(s string) string { return strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(s)) }
	names := slices.Sorted(maps.Keys(operationsByName()))
	i := slices.IndexFunc(names, func(name string) bool { return flat(name) == flat(spelt) })
	if i < 0 {
		return nil, usageError{fmt.Errorf("there is no operation %q%s", spelt, suggest.Clause(spelt, names))}
	}
	caller, op, err := gateways.Caller(ctx, b.gateway, names[i], b.via)
	if other := overOpenAPI[names[i]]; err != nil && other != "" {
		if caller, op, otherErr := gateways.Caller(ctx, b.gateway, other, b.via); otherErr == nil {
			return &benchTarget{caller: caller, op: op}, nil
		}
	}
	if err != nil {
		return nil, err
	}
	return &benchTarget{caller: caller, op: op}, nil
}

// prepare gathers the parameters, makes those that were not given, and makes the first call alone.
func (t *benchTarget) prepare(ctx context.Context, a *app, b *benchmark) error {
	if err := t.given(a, b); err != nil {
		return err
	}
	for _, fill := range []func(context.Context, *benchmark) error{t.fillVersion, t.fillData, t.fillCiphertext, t.fillSignature} {
		if err := fill(ctx, b); err != nil {
			return err
		}
	}
	if err := missingOf(t.op, t.params); err != nil {
		return err
	}
	for name, value := range t.params {
		if text, ok := value.(string); ok && strings.Contains(text, "{n}") {
			t.numbered = append(t.numbered, name)
		}
	}
	t.made++
	return t.call(ctx, -1)
}

// given are the parameters of the flags and of the request's file.
func (t *benchTarget) given(a *app, b *benchmark) error {
	files := &paramFiles{app: a}
	t.params = map[string]any{}
	if b.request != "" {
		var err error
		if t.params, err = files.request(b.request, t.op); err != nil {
			return err
		}
	}
	if _, ok := t.op.Param("KeyId"); ok && b.key != "" {
		t.params["KeyId"] = b.key
	}
	if _, ok := t.op.Param("SecretName"); ok && b.secret != "" {
		t.params["SecretName"] = b.secret
	}
	for _, text := range b.params {
		name, value, ok := strings.Cut(text, "=")
		p, known := t.op.Param(name)
		switch {
		case !ok:
			return usageError{fmt.Errorf("-param takes NAME=VALUE, and %q has no =", name)}
		case !known:
			return usageError{fmt.Errorf("%s has no parameter %q on the %s gateway%s", t.op.Name, name, t.op.Gateway, suggest.Clause(name, paramNames(t.op)))}
		case p.Secret && !strings.HasPrefix(value, "@"):
			return usageError{fmt.Errorf("%s is not written on a command line, where others see it; write -param %s=@FILE", name, name)}
		}
		got, err := files.flagValue(p, "param "+name, value)
		if err != nil {
			return usageError{err}
		}
		t.params[name] = got
	}
	return nil
}

// missingOf names the required parameters that are neither given nor made.
func missingOf(op kms.Operation, params map[string]any) error {
	var names []string
	for _, p := range op.Params {
		if _, ok := params[p.Name]; p.Required && !ok {
			switch p.Name {
			case "KeyId":
				names = append(names, "-key-id")
			case "SecretName":
				names = append(names, "-secret-name")
			default:
				names = append(names, "-param "+p.Name+"=…")
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	return usageError{fmt.Errorf("%s needs %s", op.Name, strings.Join(names, ", "))}
}

// wants reports whether the operation has a parameter that was not given.
func (t *benchTarget) wants(name string) bool {
	_, has := t.op.Param(name)
	_, given := t.params[name]
	return has && !given
}

// fillVersion asks for a key's version where the OpenAPI's operations on asymmetric keys demand one.
func (t *benchTarget) fillVersion(ctx context.Context, _ *benchmark) error {
	p, _ := t.op.Param("KeyVersionId")
	key, ok := t.params["KeyId"]
	_, serves := kms.FindOperation(t.caller.Operations(), "ListKeyVersions")
	if !p.Required || !t.wants("KeyVersionId") || !ok || !serves {
		return nil
	}
	var answer struct {
		KeyVersions struct {
			KeyVersion []struct{ KeyVersionId string }
		}
	}
	if err := t.first(ctx, "ListKeyVersions", map[string]any{"KeyId": key}, &answer); err != nil {
		return err
	}
	if list := answer.KeyVersions.KeyVersion; len(list) > 0 {
		t.params["KeyVersionId"] = list[0].KeyVersionId
	}
	return nil
}

// fillData makes the plaintext, or the SHA-256 digest of it where something is signed, as the vendor's tool does.
func (t *benchTarget) fillData(_ context.Context, b *benchmark) error {
	data := []byte(strings.Repeat("1", b.dataSize))
	digest := sha256.Sum256(data)
	if t.wants("Plaintext") {
		t.params["Plaintext"] = base64.StdEncoding.EncodeToString(data)
	}
	if t.wants("Digest") {
		t.params["Digest"] = base64.StdEncoding.EncodeToString(digest[:])
	}
	if p, _ := t.op.Param("Message"); p.Type == kms.TypeBytes && t.wants("Message") {
		t.params["Message"] = base64.StdEncoding.EncodeToString(digest[:])
		t.params["MessageType"] = "DIGEST"
	}
	return nil
}

// sealers are the operations whose answer an operation opens.
var sealers = map[string]string{"Decrypt": "Encrypt", "AdvanceDecrypt": "AdvanceEncrypt", "ReEncrypt": "Encrypt", "AsymmetricDecrypt": "AsymmetricEncrypt"}

// fillCiphertext encrypts once.
func (t *benchTarget) fillCiphertext(ctx context.Context, b *benchmark) error {
	if sealer := sealers[t.op.Name]; sealer != "" && t.wants("CiphertextBlob") {
		return t.fillFrom(ctx, b, sealer)
	}
	return nil
}

// signers are the operations whose answer an operation verifies.
var signers = map[string]string{"Verify": "Sign", "AsymmetricVerify": "AsymmetricSign"}

// fillSignature signs once.
func (t *benchTarget) fillSignature(ctx context.Context, b *benchmark) error {
	if signer := signers[t.op.Name]; signer != "" && (t.wants("Signature") || t.wants("Value")) {
		return t.fillFrom(ctx, b, signer)
	}
	return nil
}

// fillFrom makes the call whose answer this operation takes, with the parameters that both have.
func (t *benchTarget) fillFrom(ctx context.Context, b *benchmark, operation string) error {
	op, ok := kms.FindOperation(t.caller.Operations(), operation)
	if !ok {
		return nil // the parameter is asked for instead
	}
	other := &benchTarget{caller: t.caller, op: op, params: map[string]any{}}
	for name, value := range t.params {
		if _, ok := op.Param(name); ok {
			other.params[name] = value
		}
	}
	if b.key != "" {
		other.params["KeyId"] = b.key
	}
	if err := errors.Join(other.fillData(ctx, b), missingOf(op, other.params)); err != nil {
		return err
	}
	var answer map[string]any
	if err := t.first(ctx, operation, other.params, &answer); err != nil {
		return err
	}
	for name, value := range answer {
		if text, ok := value.(string); ok && text != "" && t.wants(name) && name != "KeyId" {
			t.params[name] = value
		}
	}
	if t.wants("KeyId") && b.key != "" {
		t.params["KeyId"] = b.key
	}
	return nil
}

// first makes a call that prepares.
func (t *benchTarget) first(ctx context.Context, operation string, params map[string]any, answer any) error {
	t.made++
	raw, err := t.caller.Raw(ctx, operation, params)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, answer)
}

// call makes the nth call; what it answers is thrown away.
func (t *benchTarget) call(ctx context.Context, n int) error {
	params := t.params
	if len(t.numbered) > 0 {
		params = maps.Clone(params)
		for _, name := range t.numbered {
			params[name] = strings.ReplaceAll(params[name].(string), "{n}", strconv.Itoa(n+1))
		}
	}
	_, err := t.caller.Raw(ctx, t.op.Name, params)
	return err
}
