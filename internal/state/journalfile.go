package state

import (
	"bytes"
	"fmt"
)

// parseJournal reads a journal's bytes and returns its entries and the length of
// the prefix that holds them. What follows the prefix was torn by a crash before it was
// acknowledged, and is dropped: no call was made on it. Damage before that is a JournalError.
func parseJournal(path string, data []byte) ([]Entry, int64, error) {
	var entries []Entry
	for offset, line := int64(0), 1; offset < int64(len(data)); line++ {
		end := bytes.IndexByte(data[offset:], '\n')
		if end < 0 {
			return entries, offset, nil // the torn last line
		}
		raw := data[offset : offset+int64(end)+1]
		e, _, ok := parseLine(raw)
		if !ok {
			if durableBeyond(data[offset+1:], offset) {
				return nil, 0, &JournalError{Path: path, Line: line, Reason: "its checksum does not fit"}
			}
			return entries, offset, nil
		}
		if (e.Op == OpOpen) != (line == 1) {
			return nil, 0, &JournalError{Path: path, Line: line, Reason: "a journal has one header, in its first line"}
		}
		if line == 1 && e.Header.Format > FormatVersion {
			return nil, 0, &NewerFormatError{Path: path, Format: e.Header.Format, Writer: "unknown"}
		}
		entries = append(entries, e)
		offset += int64(len(raw))
	}
	return entries, int64(len(data)), nil
}

// durableBeyond reports whether a whole line somewhere in rest was written when
// more than the first offset bytes of the file were on disk: then what stands at offset was durable
// once. Lines are looked for at every byte, because damage may have taken a newline.
func durableBeyond(rest []byte, offset int64) bool {
	for ; len(rest) > crcDigits; rest = rest[1:] {
		if rest[crcDigits] != ' ' || !isHex(rest[:crcDigits]) {
			continue
		}
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			return false
		}
		if _, durable, ok := parseLine(rest[:end+1]); ok && durable > offset {
			return true
		}
	}
	return false
}

func isHex(digits []byte) bool {
	return !bytes.ContainsFunc(digits, func(r rune) bool { return (r < '0' || r > '9') && (r < 'a' || r > 'f') })
}

// headerOf returns the header of a parsed journal, or nil for an empty one.
func headerOf(entries []Entry) *Header {
	if len(entries) == 0 {
		return nil
	}
	return entries[0].Header
}

func describe(h *Header) string {
	return fmt.Sprintf("journal %s of lineage %s, serial %d", h.ID, h.Lineage, h.Base)
}
