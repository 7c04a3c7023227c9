package state

import (
	"strconv"

	"kmsplan.dev/kmsplan/internal/addr"
)

// importedKind and importedName make the address of a census entry that no data block stands behind:
// census.file["PATH"]. An envelope that several KMS keys open has an entry for each: census.file_2["PATH"], …
const (
	importedKind = "census"
	importedName = "file"
)

// ImportedAddress is the address of the census entry of the nth KMS key, from 0, of an envelope that others made.
func ImportedAddress(path string, n int) string {
	name := importedName
	if n > 0 {
		name += "_" + strconv.Itoa(n+1)
	}
	text, _ := PathText(path).MarshalText() // never fails
	return addr.Address{Kind: importedKind, Name: name}.WithKey(string(text)).String()
}

// Imported reports whether the entry was taken up by import-census: no data block stands behind it.
func (f File) Imported() bool {
	a, err := addr.Parse(f.Address)
	return err == nil && !a.Data && a.Kind == importedKind
}

// Counterpart is the entry among those of the same file, as it is now, that is about f's key; the first where none is.
func (f File) Counterpart(now []File) File {
	for _, is := range now {
		if is.KeyID == f.KeyID {
			return is
		}
	}
	return now[0]
}
