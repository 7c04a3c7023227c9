package ops

import (
	"io/fs"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/safety"
)

// plaintextAttributes never makes a plaintext readable for more people than asked for.
func plaintextAttributes(mode fs.FileMode) func(fs.FileInfo) durable.Attributes {
	if mode == 0 {
		return noWider(PrivateMode)
	}
	return func(old fs.FileInfo) durable.Attributes {
		a := durable.NewFile(mode)
		if old != nil {
			keep := durable.AttributesOf(old)
			a.UID, a.GID = keep.UID, keep.GID
		}
		return a
	}
}

// envelopeAttributes are those of the output that is replaced, or the source's mode.
func envelopeAttributes(source fs.FileInfo) func(fs.FileInfo) durable.Attributes {
	return func(old fs.FileInfo) durable.Attributes {
		if old != nil {
			return durable.AttributesOf(old)
		}
		return durable.NewFile(source.Mode())
	}
}

// noWider keeps an existing file's attributes if its mode gives nobody more than mode does.
func noWider(mode fs.FileMode) func(fs.FileInfo) durable.Attributes {
	return func(old fs.FileInfo) durable.Attributes {
		if old != nil && (old.Mode().Perm()&^mode == 0 || safety.Off(safety.ModeNoWider)) {
			return durable.AttributesOf(old)
		}
		return durable.NewFile(mode)
	}
}
