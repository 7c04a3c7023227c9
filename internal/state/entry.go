package state

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"strconv"
)

// Entry is one line of the journal. Op says which of the other fields is set.
type Entry struct {
	Op       Op                `json:"op"`
	Header   *Header           `json:"header,omitempty"`    // OpOpen
	Intent   *Intent           `json:"intent,omitempty"`    // OpBegin
	IntentID string            `json:"intent_id,omitempty"` // OpEnd
	Result   *Result           `json:"result,omitempty"`    // OpEnd
	Resource *Resource         `json:"resource,omitempty"`  // OpRecord
	Address  string            `json:"address,omitempty"`   // OpForget, OpForgetFile
	ObjectID string            `json:"object_id,omitempty"` // OpForget
	Moves    map[string]string `json:"moves,omitempty"`     // OpMove: old address to new
	Path     string            `json:"path,omitempty"`      // OpForgetFile
	File     *File             `json:"file,omitempty"`      // OpFile
	Name     string            `json:"name,omitempty"`      // OpOutput
	Value    any               `json:"value,omitempty"`     // OpOutput; nil removes the output
}

// Op is what a journal entry says.
type Op string

// The entries of a journal.
const (
	OpOpen       Op = "open"        // the first line: which journal this is
	OpBegin      Op = "begin"       // a mutating call is about to be made
	OpEnd        Op = "end"         // what the call answered
	OpRecord     Op = "record"      // what state knows of an object from now on
	OpForget     Op = "forget"      // an object leaves the state
	OpMove       Op = "move"        // objects get other addresses, all at once
	OpFile       Op = "file"        // an envelope of the census
	OpForgetFile Op = "forget-file" // an envelope leaves the census
	OpOutput     Op = "output"      // an output's value
)

// Header says which journal a file holds and what state it continues.
type Header struct {
	Format  int    `json:"format"` // FormatVersion
	ID      string `json:"id"`     // unique per journal; State.Journal once it is folded
	Lineage string `json:"lineage"`
	Base    uint64 `json:"base"` // serial of the state it continues
}

// Begin is the entry before a mutating call.
func Begin(in Intent) Entry { return Entry{Op: OpBegin, Intent: &in} }

// End is the entry after a call.
func End(intentID string, out Result) Entry {
	return Entry{Op: OpEnd, IntentID: intentID, Result: &out}
}

// Record is the entry that keeps an object.
func Record(r Resource) Entry { return Entry{Op: OpRecord, Resource: &r} }

// ForgetEntry is the entry that drops an object from state.
func ForgetEntry(address, id string) Entry {
	return Entry{Op: OpForget, Address: address, ObjectID: id}
}

// MoveEntry is the entry that gives objects other addresses, all at once, so that
// a chain or a swap of addresses loses nothing.
func MoveEntry(moves map[string]string) Entry { return Entry{Op: OpMove, Moves: moves} }

// FileEntry is the entry that keeps an envelope in the census.
func FileEntry(f File) Entry { return Entry{Op: OpFile, File: &f} }

// ForgetFileEntry is the entry that drops an envelope from the census.
func ForgetFileEntry(address, path string) Entry {
	return Entry{Op: OpForgetFile, Address: address, Path: path}
}

// OutputEntry is the entry that keeps an output's JSON value; nil drops it.
func OutputEntry(name string, value any) Entry { return Entry{Op: OpOutput, Name: name, Value: value} }

// valid reports whether the field that Op announces is there.
func (e Entry) valid() bool {
	switch e.Op {
	case OpOpen:
		return e.Header != nil
	case OpBegin:
		return e.Intent != nil && e.Intent.ID != ""
	case OpEnd:
		return e.Result != nil && e.IntentID != ""
	case OpRecord:
		return e.Resource != nil && e.Resource.Address != ""
	case OpForget:
		return e.Address != ""
	case OpMove:
		return len(e.Moves) > 0
	case OpFile:
		return e.File != nil && e.File.Address != ""
	case OpForgetFile:
		return e.Address != "" && e.Path != ""
	case OpOutput:
		return e.Name != ""
	}
	return false
}

// A line is "crc durable json\n": a CRC-32C (8 hex digits) of all that follows it,
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
func parseLine(line []byte) (e Entry, durable int64, ok bool) {
	if len(line) < crcDigits+2 || line[len(line)-1] != '\n' || line[crcDigits] != ' ' {
		return e, 0, false
	}
	sum, err := strconv.ParseUint(string(line[:crcDigits]), 16, 32)
	body := line[crcDigits+1:]
	if err != nil || uint32(sum) != crc32.Checksum(body, castagnoli()) {
		return e, 0, false
	}
	length, payload, found := bytes.Cut(body, []byte(" "))
	durable, err = strconv.ParseInt(string(length), 10, 64)
	if !found || err != nil || json.Unmarshal(payload, &e) != nil || !e.valid() {
		return e, 0, false
	}
	return e, durable, true
}
