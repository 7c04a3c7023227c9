package local

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"

	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// A line of the journal is "crc durable json\n": a CRC-32C (8 hex digits) of all that follows it,
// the length of the file's prefix that was known to be on disk when the line was written, and the
// entry. The length tells a batch torn by a crash, whose calls were never made, from
// damage in what was durable.

const crcDigits = 8

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

func appendLine(buf []byte, durable int64, payload []byte) []byte {
	body := strconv.AppendInt(nil, durable, 10)
	body = append(append(append(body, ' '), payload...), '\n')
	buf = fmt.Appendf(buf, "%08x ", crc32.Checksum(body, castagnoli()))
	return append(buf, body...)
}

// parseLine reads one line with its newline. ok is false when it is not whole.
func parseLine(line []byte) (payload []byte, durable int64, ok bool) {
	if len(line) < crcDigits+2 || line[len(line)-1] != '\n' || line[crcDigits] != ' ' {
		return nil, 0, false
	}
	sum, err := strconv.ParseUint(string(line[:crcDigits]), 16, 32)
	body := line[crcDigits+1:]
	if err != nil || uint32(sum) != crc32.Checksum(body, castagnoli()) && !safety.Off(safety.LocalLine) {
		return nil, 0, false
	}
	length, payload, found := bytes.Cut(body, []byte(" "))
	durable, err = strconv.ParseInt(string(length), 10, 64)
	return payload, durable, found && err == nil
}

// encodeLines writes entries that are appended together to a file of which a prefix is on disk.
func encodeLines(durable int64, entries []state.Entry) ([]byte, error) {
	var buf []byte
	for _, e := range entries {
		payload, err := json.Marshal(e)
		if err != nil {
			return nil, fmt.Errorf("encoding a journal entry: %w", err)
		}
		buf = appendLine(buf, durable, payload)
	}
	return buf, nil
}

// encodeFile writes entries as a file that appears with all its lines at once: each knows those before it on disk.
func encodeFile(entries []state.Entry) ([]byte, error) {
	var buf []byte
	for _, e := range entries {
		line, err := encodeLines(int64(len(buf)), []state.Entry{e})
		if err != nil {
			return nil, err
		}
		buf = append(buf, line...)
	}
	return buf, nil
}

// parseJournal reads a journal's bytes and returns its entries and the length of
// the prefix that holds them. What follows the prefix was torn by a crash before it was
// acknowledged, and is dropped: no call was made on it. Damage before that is a JournalError.
func parseJournal(path string, data []byte) ([]state.Entry, int64, error) {
	var entries []state.Entry
	for offset, line := int64(0), 1; offset < int64(len(data)); line++ {
		end := bytes.IndexByte(data[offset:], '\n')
		if end < 0 {
			return entries, offset, nil // the torn last line
		}
		raw := data[offset : offset+int64(end)+1]
		payload, _, ok := parseLine(raw)
		if !ok {
			if durableBeyond(data[offset+1:], offset) && !safety.Off(safety.LocalTorn) {
				return nil, 0, &state.JournalError{Path: path, Line: line, Reason: "its checksum does not fit"}
			}
			return entries, offset, nil
		}
		e, err := parseEntry(path, line, payload, entries)
		if err != nil {
			return nil, 0, err
		}
		entries = append(entries, e)
		offset += int64(len(raw))
	}
	return entries, int64(len(data)), nil
}

// parseEntry reads the entry of a whole line, in the format that the journal's header names.
func parseEntry(path string, line int, payload []byte, before []state.Entry) (state.Entry, error) {
	format := state.JournalFormat
	if len(before) > 0 {
		format = before[0].Header.Format
	}
	e, err := state.DecodeEntry(format, payload)
	var newer *state.NewerFormatError
	switch {
	case errors.As(err, &newer):
		newer.Path = path
		return e, newer
	case err != nil:
		return e, &state.JournalError{Path: path, Line: line, Reason: err.Error()}
	case (e.Op == state.OpOpen) != (line == 1):
		return e, &state.JournalError{Path: path, Line: line, Reason: "a journal has one header, in its first line"}
	}
	return e, nil
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
