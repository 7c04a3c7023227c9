package state

// JournalFormat is the version of the journal's entries that is written. Older ones are read for ever.
const JournalFormat = 2

// Entry is one line of the journal. Op says which of the other fields is set.
type Entry struct {
	Op       Op                 `json:"op"`
	Header   *Header            `json:"header,omitempty"`    // OpOpen
	Intent   *Intent            `json:"intent,omitempty"`    // OpBegin
	IntentID string             `json:"intent_id,omitempty"` // OpEnd
	Result   *Result            `json:"result,omitempty"`    // OpEnd
	Resource *Resource          `json:"resource,omitempty"`  // OpRecord
	Address  string             `json:"address,omitempty"`   // OpForget, OpForgetFile, OpForgetBatch
	ObjectID string             `json:"object_id,omitempty"` // OpForget
	Moves    map[string]string  `json:"moves,omitempty"`     // OpMove: old address to new
	Path     PathText           `json:"path,omitempty"`      // OpForgetFile
	File     *File              `json:"file,omitempty"`      // OpFile
	Name     string             `json:"name,omitempty"`      // OpOutput
	Value    any                `json:"value,omitempty"`     // OpOutput; nil removes the output
	Scheme   *FingerprintScheme `json:"scheme,omitempty"`    // OpScheme
}

// Op is what a journal entry says.
type Op string

// The entries of a journal.
const (
	OpOpen        Op = "open"         // the first line: which journal this is
	OpBegin       Op = "begin"        // a mutating call is about to be made
	OpEnd         Op = "end"          // what the call answered
	OpRecord      Op = "record"       // what state knows of an object from now on
	OpForget      Op = "forget"       // an object leaves the state
	OpMove        Op = "move"         // objects get other addresses, all at once
	OpFile        Op = "file"         // an envelope of the census
	OpForgetFile  Op = "forget-file"  // an envelope leaves the census
	OpOutput      Op = "output"       // an output's value
	OpForgetBatch Op = "forget-batch" // what batches of an address left leaves the state
	OpScheme      Op = "scheme"       // how this stack makes fingerprints from now on
)

// Header says which journal a file holds and what state it continues.
type Header struct {
	Format  int    `json:"format"` // JournalFormat
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
	return Entry{Op: OpForgetFile, Address: address, Path: PathText(path)}
}

// ForgetBatchEntry is the entry that drops what batches of an address left.
func ForgetBatchEntry(address string) Entry { return Entry{Op: OpForgetBatch, Address: address} }

// OutputEntry is the entry that keeps an output's JSON value; nil drops it.
func OutputEntry(name string, value any) Entry { return Entry{Op: OpOutput, Name: name, Value: value} }

// SchemeEntry is the entry that records how this stack makes fingerprints.
func SchemeEntry(s FingerprintScheme) Entry { return Entry{Op: OpScheme, Scheme: &s} }

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
	case OpForget, OpForgetBatch:
		return e.Address != ""
	case OpMove:
		return len(e.Moves) > 0
	case OpFile:
		return e.File != nil && e.File.Address != ""
	case OpForgetFile:
		return e.Address != "" && e.Path != ""
	case OpOutput:
		return e.Name != ""
	case OpScheme:
		return e.Scheme != nil && e.Scheme.Name != ""
	}
	return false
}
