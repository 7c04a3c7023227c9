package local

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"strconv"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/safety"
)

// line is one thing that happened: one of its fields is set.
type line struct {
	At      time.Time   `json:"at"`
	Created *created    `json:"created,omitempty"`
	Changed *changed    `json:"changed,omitempty"`
	Claimed *claimed    `json:"claimed,omitempty"`
	Let     *let        `json:"let,omitempty"`
	Step    *batch.Step `json:"step,omitempty"`
	State   *state      `json:"state,omitempty"`
}

// created is a ledger's first line.
type created struct {
	Format int        `json:"format"`
	Spec   batch.Spec `json:"spec"`
}

// format is of the ledger; another is refused.
const format = 1

// changed is a queue.Change.
type changed struct {
	Status batch.Status `json:"status,omitempty"`
	Reason string       `json:"reason,omitempty"`
	Rate   *batch.Rate  `json:"rate,omitempty"`
}

// claimed gives a chunk to who holds a lock file.
type claimed struct {
	Chunk   int    `json:"chunk"`
	Attempt int    `json:"attempt"`
	Lock    string `json:"lock"`
	Worker  string `json:"worker"`
}

// let says that the worker of an attempt has ended, and left the chunk undone.
type let struct {
	Chunk   int `json:"chunk"`
	Attempt int `json:"attempt"`
}

// state is the last line of a ledger that was written anew: what its lines had come to.
type state struct {
	Status  batch.Status `json:"status"`
	Reason  string       `json:"reason,omitempty"`
	Rate    batch.Rate   `json:"rate"`
	Started time.Time    `json:"started_at,omitzero"`
	Ended   time.Time    `json:"ended_at,omitzero"`
	// Forgiven is how many objects had failed when it was resumed last.
	Forgiven int64 `json:"forgiven,omitempty"`
}

// A line is "crc json\n": a CRC-32C (8 hex digits) of the JSON.
const crcDigits = 8

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

func (l line) encode() ([]byte, error) {
	text, err := json.Marshal(l)
	if err != nil {
		return nil, fmt.Errorf("encoding a line of the ledger: %w", err)
	}
	out := fmt.Appendf(make([]byte, 0, len(text)+crcDigits+2), "%08x ", crc32.Checksum(text, castagnoli()))
	return append(append(out, text...), '\n'), nil
}

// whole reports whether a line, with its newline, is as it was written.
func whole(raw []byte) (text []byte, ok bool) {
	if len(raw) < crcDigits+2 || raw[crcDigits] != ' ' || raw[len(raw)-1] != '\n' {
		return nil, false
	}
	text = raw[crcDigits+1 : len(raw)-1]
	sum, err := strconv.ParseUint(string(raw[:crcDigits]), 16, 32)
	return text, err == nil && (uint32(sum) == crc32.Checksum(text, castagnoli()) || safety.Off(safety.LedgerLine))
}

func decode(text []byte) (l line, err error) {
	err = json.Unmarshal(text, &l)
	return l, err
}
