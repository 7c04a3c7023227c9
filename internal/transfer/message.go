package transfer

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/kms/wire/ciphertext"
	"kmsplan.dev/kmsplan/internal/kms/wire/sdkmessage"
	"kmsplan.dev/kmsplan/internal/safety"
)

// messageMarks begin the base64 of every message: a long SEQUENCE of DER, and the version of one written as a stream.
var messageMarks = []string{"MI", "AAAAAQAAAA"}

// versionOf is the key version that opens a message's data key; "" = none that is known by its form.
func versionOf(k sdkmessage.DataKey) string {
	version, _ := ciphertext.VersionID(ciphertext.OpenAPI(k.Blob))
	return version
}

// asMessage makes of bytes that are a message a Blob, for the first of its data keys that is under one of the versions.
func asMessage(b Blob, raw []byte, versions []string) (blob Blob, isMessage, wanted bool) {
	m, err := sdkmessage.Parse(raw)
	if err != nil {
		return Blob{}, false, false
	}
	for _, k := range m.Keys {
		if version := versionOf(k); slices.Contains(versions, version) {
			b.Raw, b.message, b.Version, wanted = raw, m, version, true
			break
		}
	}
	b.Form = FormMessage
	return b, true, wanted
}

// messagesIn finds messages in base64. All are those of every key: what is inside one is no ciphertext of its own.
func messagesIn(content []byte, versions []string) (wanted, all []Blob) {
	for _, mark := range messageMarks {
		for from := 0; ; {
			i := bytes.Index(content[from:], []byte(mark))
			if i < 0 {
				break
			}
			at := from + i
			from = at + len(mark)
			if at > 0 && content[at-1] != '=' && isBase64(content[at-1]) {
				continue
			}
			b, raw, ok := readText(content, Blob{Start: at})
			from = max(from, b.End)
			if !ok {
				continue
			}
			b, isMessage, hit := asMessage(b, raw, versions)
			if isMessage {
				all = append(all, b)
			}
			if hit {
				wanted = append(wanted, b)
			}
		}
	}
	slices.SortFunc(all, byStart)
	return wanted, all
}

func byStart(a, b Blob) int { return a.Start - b.Start }

// inside reports whether a place is in one of these, which are sorted.
func inside(blobs []Blob, at int) bool {
	i, begins := slices.BinarySearchFunc(blobs, Blob{Start: at}, byStart)
	return begins || i > 0 && at < blobs[i-1].End
}

// dataKey is the data key that KMS gave for a message, which OpenAPI says in base64.
func dataKey(text string, m *sdkmessage.Message) ([]byte, error) {
	for range 2 { // once more where an instance kept OpenAPI's text
		if len(text) == m.KeySize() {
			return []byte(text), nil
		}
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			break
		}
		text = string(raw)
	}
	if len(text) == m.KeySize() {
		return []byte(text), nil
	}
	return nil, errors.New("what KMS gave is no data key of the message's algorithm")
}

// moveMessage brings the data keys of a message that are under keys to leave under the new one. What they encrypted keeps
// its bytes, and data keys under other keys stay.
func (j *Job) moveMessage(ctx context.Context, m *sdkmessage.Message) (moved, error) {
	var keys, leaving []sdkmessage.DataKey
	var there []byte // a wrap under the new key that the message has already
	for _, k := range m.Keys {
		switch version := versionOf(k); {
		case slices.Contains(j.Keys.left(), version):
			leaving = append(leaving, k)
		case slices.Contains(j.Keys.To.Versions, version):
			there, keys = ciphertext.OpenAPI(k.Blob), append(keys, k)
		default:
			keys = append(keys, k)
		}
	}
	o, old, err := j.openMessage(ctx, m, leaving)
	if err != nil {
		return moved{}, err
	}
	raw := there
	if raw == nil {
		if raw, err = j.anew(ctx, ciphertext.OpenAPI(old.Blob), o, m.Context); err != nil {
			return moved{}, err
		}
		keys = append(keys, sdkmessage.DataKey{ID: j.Keys.To.named(old.ID), Blob: raw})
	} else if err := j.service.prove(ctx, raw, o, m.Context, j.Keys.To.Versions); err != nil {
		return moved{}, err
	}
	key, err := dataKey(o.text, m)
	if err != nil {
		return moved{}, err
	}
	out, err := rewritten(m, key, keys)
	version, _ := ciphertext.VersionID(raw)
	return moved{out, o.digest, version}, err
}

// openMessage opens the first data key that KMS opens, and the message with it.
func (j *Job) openMessage(ctx context.Context, m *sdkmessage.Message, keys []sdkmessage.DataKey) (o opened, with sdkmessage.DataKey, err error) {
	var failed []error
	for _, k := range keys {
		o, err := j.service.open(ctx, ciphertext.OpenAPI(k.Blob), m.Context, j.Digest)
		if err == nil {
			return o, k, proveMessage(o.text, m)
		}
		failed = append(failed, err)
	}
	return opened{}, sdkmessage.DataKey{}, fmt.Errorf("open the message's data key: %w", errors.Join(failed...))
}

func proveMessage(text string, m *sdkmessage.Message) error {
	key, err := dataKey(text, m)
	if err == nil {
		err = m.Prove(key)
	}
	if err != nil && !safety.Off(safety.TransferMessage) {
		return fmt.Errorf("open the message: %w", err)
	}
	return nil
}

// rewritten is a message with other wraps of its data key, read again and proved before it takes the old one's place.
func rewritten(m *sdkmessage.Message, key []byte, keys []sdkmessage.DataKey) ([]byte, error) {
	next, err := m.WithKeys(key, keys)
	if err != nil {
		return nil, fmt.Errorf("write the message: %w", err)
	}
	out, err := next.Bytes()
	if err != nil {
		return nil, fmt.Errorf("write the message: %w", err)
	}
	again, err := sdkmessage.Parse(out)
	if err == nil {
		err = again.Prove(key)
	}
	if err != nil || !again.SameBut(m) {
		return nil, errors.New("the message that was written does not read as the old one, which stays")
	}
	return out, nil
}

// verifyMessage opens a message under the new key.
func (j *Job) verifyMessage(ctx context.Context, m *sdkmessage.Message) error {
	for _, k := range m.Keys {
		if !slices.Contains(j.Keys.To.Versions, versionOf(k)) {
			continue
		}
		text, err := j.service.openNew(ctx, ciphertext.OpenAPI(k.Blob), m.Context)
		if err != nil {
			return err
		}
		return proveMessage(text, m)
	}
	return errors.New("the message has no data key under the new key")
}

// named is how a client that named its key like that names this one.
func (k Key) named(like string) string {
	if strings.HasPrefix(like, "acs:") {
		return k.ARN
	}
	return k.ID
}
