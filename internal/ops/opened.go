package ops

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/safety"
)

// MaxOpened is the longest encrypted file that is opened in memory, bytes.
const MaxOpened = document.MaxSealed

// Opened is an encrypted file that was opened in memory, proved to its last byte.
type Opened struct {
	Plain    []byte
	Document *document.Document // nil = an envelope

	engine *Engine
	at     place
	sealed []byte // the file
	header *envelope.Header
	key    []byte
	names  uint64
}

// Open opens an encrypted file in memory, to use its plaintext or to change it. Close it.
func (e *Engine) Open(ctx context.Context, source string, u Unseal) (*Opened, error) {
	from, err := at(source)
	if err != nil {
		return nil, err
	}
	o := &Opened{engine: e, at: from}
	if err := o.open(ctx, u); err != nil {
		o.Close()
		return nil, err
	}
	return o, nil
}

func (o *Opened) open(ctx context.Context, u Unseal) error {
	f, info, err := openRegular(o.at, os.O_RDONLY)
	if err != nil {
		return err
	}
	defer f.Close()
	o.names = durable.Links(info)
	if info.Size() > MaxOpened {
		return fmt.Errorf("%s has %d bytes, too many to be held in memory (at most %d); kmsplan decrypt writes it to a file", o.at, info.Size(), MaxOpened)
	}
	if o.sealed, err = io.ReadAll(io.NewSectionReader(f, 0, info.Size()+1)); err != nil {
		return fmt.Errorf("read %s: %w", o.at, err)
	}
	if err := unchanged(o.at, f, info, int64(len(o.sealed))); err != nil {
		return err
	}
	if err := o.unseal(ctx, u); err != nil {
		return fmt.Errorf("open %s: %w", o.at, err)
	}
	return nil
}

func (o *Opened) unseal(ctx context.Context, u Unseal) (err error) {
	if document.Is(o.sealed) && !envelope.Recognize(o.sealed) {
		if o.Document, err = o.engine.openDocument(ctx, o.sealed, u); err == nil {
			o.Plain, o.key = o.Document.Plain, o.Document.DataKey
		}
		return err
	}
	with := envelope.OpenOptions{Identities: o.engine.identities(), Context: u.Context}
	if o.header, o.key, err = envelope.Unlock(ctx, bytes.NewReader(o.sealed), with); err != nil {
		return err
	}
	with.DataKey = o.key
	r, err := envelope.Open(ctx, bytes.NewReader(o.sealed), with)
	if err != nil {
		return err
	}
	plain, err := io.ReadAll(r)
	o.Plain = plain
	return err
}

// Close overwrites what was held, as far as it can be reached.
func (o *Opened) Close() {
	clear(o.Plain)
	o.at.close()
}

// Seal gives the file with another plaintext, under the data key that it has; nothing is called. Of a document the
// values that did not change keep their ciphertext.
func (o *Opened) Seal(ctx context.Context, plain []byte) ([]byte, Envelope, error) {
	if o.Document != nil {
		doc, h, err := o.Document.Update(plain)
		if err != nil {
			return nil, Envelope{}, err
		}
		return doc, describeDocument(o.at.full(), h, doc, int64(len(plain))), nil
	}
	var out bytes.Buffer
	w, err := envelope.Seal(ctx, &out, envelope.Options{
		Suite: o.header.Suite, Context: o.header.Context, DataKey: o.key, Stanzas: o.header.Stanzas, Size: int64(len(plain)),
	})
	if err != nil {
		return nil, Envelope{}, err
	}
	if _, err := w.Write(plain); err != nil {
		return nil, Envelope{}, err
	}
	if err := w.Close(); err != nil {
		return nil, Envelope{}, err
	}
	got := describe(o.at.full(), w.Header())
	got.Plaintext, got.Sealed = int64(len(plain)), int64(out.Len())
	return out.Bytes(), got, nil
}

// Described says what the file is as it was opened.
func (o *Opened) Described() Envelope {
	if o.Document != nil {
		return describeDocument(o.at.full(), o.Document.Header, o.sealed, int64(len(o.Plain)))
	}
	got := describe(o.at.full(), o.header)
	got.Plaintext, got.Sealed = int64(len(o.Plain)), int64(len(o.sealed))
	return got
}

// Replaceable refuses a file whose other names would keep the old content.
func (o *Opened) Replaceable() error {
	if durable.ManyNames(o.names) {
		return fmt.Errorf("%s has %d names (hard links); make a copy under one name and change that", o.at, o.names)
	}
	return nil
}

// ErrUnderneath says that a file changed since it was opened, and was not written over.
var ErrUnderneath = errors.New("the file changed since it was opened")

// Replace puts what Seal gave in the file's place. A file that is not as it was opened stays, unless over is set:
// ErrUnderneath.
func (o *Opened) Replace(ctx context.Context, content []byte, over bool) error {
	f, info, err := hold(ctx, o.at, os.O_RDONLY, o.engine.patience)
	if errors.Is(err, fs.ErrNotExist) && over {
		return o.engine.writeWhole(o.at, content, durable.NewFile(0o644))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", o.at, ErrUnderneath)
	}
	if err != nil {
		return fmt.Errorf("replace %s: %w", o.at, err)
	}
	defer f.Close()
	now, err := io.ReadAll(io.NewSectionReader(f, 0, info.Size()+1))
	if err != nil {
		return fmt.Errorf("read %s: %w", o.at, err)
	}
	if !bytes.Equal(now, o.sealed) && !over && !safety.Off(safety.ChangedUnderneath) {
		return fmt.Errorf("%s: %w", o.at, ErrUnderneath)
	}
	return o.engine.writeWhole(o.at, content, durable.AttributesOf(info))
}

// writeWhole writes a file that the caller holds, or that is new.
func (e *Engine) writeWhole(p place, content []byte, keep durable.Attributes) error {
	out, err := e.output(p, func(fs.FileInfo) durable.Attributes { return keep })
	if err != nil {
		return err
	}
	defer out.Abort()
	if _, err := out.Write(content); err != nil {
		return err
	}
	return out.Commit()
}

// WriteNew writes an encrypted file where none is.
func (e *Engine) WriteNew(name string, content []byte) error {
	to, err := atNew(name)
	if err != nil {
		return err
	}
	defer to.close()
	if _, err := to.root.Lstat(to.name); err == nil {
		return fmt.Errorf("%s: %w", to, ErrUnderneath)
	} else if !isMissing(err) {
		return fmt.Errorf("%s cannot be looked at: %w", to, durable.Reason(err))
	}
	return e.writeWhole(to, content, durable.NewFile(0o644))
}
