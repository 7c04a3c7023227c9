package resource

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// maxMaterial is more than any material has: what is longer is read no further.
const maxMaterial = 1024

// ReadMaterial reads the material that a key's block names: from a file inside the module's directory dir, or as it is
// written. The caller clears it. No error repeats any of it.
func ReadMaterial(dir string, block map[string]cty.Value, spec string) ([]byte, error) {
	raw, err := givenMaterial(dir, block)
	if err != nil {
		return nil, err
	}
	if err := kind.CheckMaterialSize(spec, int64(len(raw))); err != nil {
		clear(raw)
		return nil, err
	}
	return raw, nil
}

func givenMaterial(dir string, block map[string]cty.Value) ([]byte, error) {
	if encoded := text(block["base64"]); encoded != "" {
		raw, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return nil, errors.New("its base64 cannot be decoded")
		}
		return raw, nil
	}
	name := text(block["file"])
	if name == "" {
		return nil, errors.New("no material is given; write file, or base64, in its material block")
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the module directory: %w", err)
	}
	defer root.Close()
	return readMaterialFile(root, name)
}

func readMaterialFile(root *os.Root, name string) ([]byte, error) {
	info, err := root.Stat(filepath.FromSlash(name))
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("there is no file %s", name)
	case err != nil:
		return nil, fmt.Errorf("the file %s cannot be read: %w", name, err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no regular file", name)
	}
	f, err := root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, fmt.Errorf("the file %s cannot be read: %w", name, err)
	}
	defer f.Close()
	raw := make([]byte, maxMaterial) // so that no growing leaves a copy behind
	n, err := io.ReadFull(f, raw)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		clear(raw)
		return nil, fmt.Errorf("read the file %s: %w", name, err)
	}
	return raw[:n], nil
}

// materialWork is the import of a key's material.
type materialWork struct {
	wrapping   string
	parameters kms.ImportParameters
	print      *state.Fingerprint // of what was imported
}

// askToken asks for a wrapping key and its token: they are good for a day, and for this key only.
func (w *keyWork) askToken(ctx context.Context) error {
	w.material.wrapping = kind.WrapSHA256
	if wrapping := text(w.Body.Blocks[kind.MaterialBlock]["wrapping"]); wrapping != "" {
		w.material.wrapping = wrapping
	}
	return w.Call(ctx, "GetParametersForImport", w.key.ID, nil, func(ctx context.Context) (string, error) {
		got, err := w.Manager.GetParametersForImport(ctx, w.key.ID, "RSA_2048", w.material.wrapping)
		if err == nil && got.KeyID != w.key.ID {
			err = fmt.Errorf("the answer is about the key %s; nothing is imported", got.KeyID)
		}
		w.material.parameters = got
		return w.key.ID, err
	})
}

// importMaterial wraps the material and imports it. An answer that was lost is told by the key's state and the expiry;
// the same material may be imported again.
func (w *keyWork) importMaterial(ctx context.Context) error {
	material, expires, err := w.materialAtHand()
	if err != nil {
		return fmt.Errorf("the material of %s: %w", w.Change.Addr, err)
	}
	defer clear(material)
	if w.isOther(material) {
		return fmt.Errorf("the material of %s is not the one that was imported before; nothing was called; plan again", w.Change.Addr)
	}
	print, err := w.Fingerprints.New(w.Change.Addr.String(), material)
	if err != nil {
		return fmt.Errorf("nothing was called for %s: %w", w.Change.Addr, err)
	}
	if err := w.sendMaterial(ctx, material, print, expires); err != nil {
		return err
	}
	w.material.print = &print
	return nil
}

// materialAtHand is the material that a person gave, or that the key's block names, and when it expires; nil = never. The
// caller clears it.
func (w *keyWork) materialAtHand() ([]byte, *time.Time, error) {
	if asked := w.Change.Asked; asked != nil && asked.Act == plan.ActImport {
		var expires *time.Time
		if at := asked.Import.Expires; !at.IsZero() {
			expires = &at
		}
		if err := kind.CheckMaterialSize(w.key.Spec, int64(w.Given.Value.Len())); err != nil {
			return nil, nil, err
		}
		return bytes.Clone(w.Given.Value.Bytes()), expires, nil
	}
	block := w.Body.Blocks[kind.MaterialBlock]
	material, err := ReadMaterial(w.Dir, block, w.key.Spec)
	if err != nil {
		return nil, nil, err
	}
	expires, err := expiryOf(block)
	return material, expires, err
}

// isOther reports whether the material is another than the one state has a fingerprint of.
func (w *keyWork) isOther(material []byte) bool {
	if w.Prior == nil || w.succeeded() { // a successor is made with material of its own
		return false
	}
	fp, recorded := w.Prior.Fingerprints[plan.MaterialPrint]
	return recorded && w.Fingerprints.Compare(fp, material) == state.Different
}

func (w *keyWork) sendMaterial(ctx context.Context, material []byte, print state.Fingerprint, expires *time.Time) error {
	detail := printDetail(print)
	detail["expires"] = expiryText(expires)
	for again := false; ; again = true {
		wrapped, err := wrapMaterial(w.material.parameters.PublicKey, w.material.wrapping, material)
		if err != nil {
			return fmt.Errorf("wrap the material of %s: %w", w.Change.Addr, err)
		}
		in := kms.ImportMaterialInput{KeyID: w.key.ID, Wrapped: wrapped, Token: w.material.parameters.Token, ExpireAt: expires}
		err = w.Call(ctx, "ImportKeyMaterial", w.key.ID, detail, func(ctx context.Context) (string, error) {
			return w.key.ID, settle(w.Manager.ImportKeyMaterial(ctx, in), func() (bool, error) {
				k, err := w.Manager.DescribeKey(ctx, w.key.ID)
				return err == nil && imported(k, detail["expires"]), err
			})
		})
		if !kms.HasCode(err, "ExpiredImportToken") || again {
			return err
		}
		if err := w.askToken(ctx); err != nil {
			return err
		}
	}
}

// imported reports whether a key has material with that expiry.
func imported(k kms.Key, expires string) bool {
	has := k.State == kms.StateEnabled || k.State == kms.StateDisabled
	return has && expires == expiryText(&k.MaterialExpires)
}

func expiryText(at *time.Time) string {
	if at == nil || at.IsZero() {
		return "never"
	}
	return at.UTC().Truncate(time.Second).Format(time.RFC3339)
}

func expiryOf(block map[string]cty.Value) (*time.Time, error) {
	written := text(block["expires"])
	if written == "" {
		return nil, nil
	}
	at, err := time.Parse(time.RFC3339, written)
	return &at, err
}

// wrapMaterial encrypts material under the public half of a wrapping key.
func wrapMaterial(public []byte, wrapping string, material []byte) ([]byte, error) {
	parsed, err := x509.ParsePKIXPublicKey(public)
	key, isRSA := parsed.(*rsa.PublicKey)
	if err != nil || !isRSA {
		return nil, errors.New("the service's wrapping key is no RSA key")
	}
	var h hash.Hash
	switch wrapping {
	case kind.WrapSHA256:
		h = sha256.New()
	case kind.WrapSHA1:
		h = sha1.New() // the service's older wrapping; as OAEP's hash it is not broken
	default:
		return nil, fmt.Errorf("the wrapping %q is not known", wrapping)
	}
	return rsa.EncryptOAEP(h, rand.Reader, key, material, nil)
}

// printDetail is what an intent remembers of a fingerprint. It holds nothing that state does not hold as well.
func printDetail(fp state.Fingerprint) map[string]string {
	return map[string]string{"salt": fp.Salt, "digest": fp.Digest, "params": fp.Params, "fingerprint_address": fp.Address}
}

func detailPrint(detail map[string]string) state.Fingerprint {
	return state.Fingerprint{Salt: detail["salt"], Digest: detail["digest"], Params: detail["params"], Address: detail["fingerprint_address"]}
}
