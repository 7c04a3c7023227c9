package envelope

import (
	"errors"

	"kmsplan.dev/kmsplan/internal/envelope/cobblestone"
)

var (
	// ErrNotEnvelope says that a file does not begin as an envelope does.
	ErrNotEnvelope = errors.New("not a kmsplan envelope: check the path, or encrypt the file first")
	// ErrUnsupported says that a file is an envelope with a version, suite or
	// stanza that this release does not know.
	ErrUnsupported = errors.New("this envelope needs a newer kmsplan: upgrade, or ask its writer for version v1")
	// ErrTruncated says that a file ends before its envelope does.
	ErrTruncated = cobblestone.ErrTruncated
	// ErrCorrupt is what every [CorruptError] wraps.
	ErrCorrupt = cobblestone.ErrCorrupt
	// ErrHeaderMAC says that the data key fits the body but the header was
	// changed by someone without that key.
	ErrHeaderMAC = errors.New("the header was changed after it was written: restore the file from a backup, and find out who wrote to it")
	// ErrWrongKey says that the data key does not belong to this file.
	ErrWrongKey = errors.New("the data key does not fit this file: its header or context comes from another file, or was altered; restore the file from a backup")
	// ErrWrongContext says that the file's encryption context is not the one
	// the reader asked for.
	ErrWrongContext = errors.New("the file's encryption context is not the expected one: check that this is the file you meant, or correct the context")
	// ErrNeedsRewrite says that a header cannot be replaced in place, because
	// the envelope is compact or the new header outgrows its slot.
	ErrNeedsRewrite = errors.New("the header cannot be replaced in place: rewrite the file with RewriteHeader")
	// ErrIncorrectIdentity is returned by [Identity.Unwrap] if none of the
	// stanzas is for it.
	ErrIncorrectIdentity = errors.New("no recipient stanza is for this identity")
)

// CorruptError names the part of an envelope that was damaged.
type CorruptError = cobblestone.CorruptError

// NoIdentityMatchError says that no identity could unwrap the data key.
type NoIdentityMatchError struct {
	Errors      []error  // one per identity, each wraps ErrIncorrectIdentity
	StanzaTypes []string // what the file is wrapped for
}

func (e *NoIdentityMatchError) Error() string {
	if len(e.Errors) == 0 {
		return "no identity was given: name the KMS gateway or an age identity that may open the file"
	}
	if len(e.Errors) == 1 {
		return "the identity does not open this file: " + e.Errors[0].Error()
	}
	return "no identity opens this file: use one of its recipients (see the header), or rewrap it for yours"
}

// Unwrap gives the identities' errors.
func (e *NoIdentityMatchError) Unwrap() []error { return e.Errors }
