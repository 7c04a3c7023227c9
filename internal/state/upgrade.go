package state

import (
	"encoding/json"
	"fmt"
)

// decode reads a state of any format that ever was, in its present form.
func decode(format int, data []byte) (State, error) {
	var st State
	var err error
	switch format {
	case 1:
		st, err = decode1(data)
	default:
		err = json.Unmarshal(data, &st)
	}
	if err != nil {
		return State{}, fmt.Errorf("its content is not a state: %w", err)
	}
	st.Version = FormatVersion
	st.share()
	return st, nil
}

// decode1 reads format 1: one serial for objects and files, and paths that were mangled when they were not
// UTF-8 (their files are encrypted once more, and are known from then on).
func decode1(data []byte) (State, error) {
	type plain State
	var old struct {
		plain
		Files []plainFile `json:"files"`
	}
	if err := json.Unmarshal(data, &old); err != nil {
		return State{}, err
	}
	st := State(old.plain)
	st.ObjectsSerial, st.CensusSerial = st.Serial, st.Serial
	st.Files = files1(old.Files)
	return st, nil
}

func files1(old []plainFile) []File {
	files := make([]File, len(old))
	for i, f := range old {
		files[i] = File(f)
	}
	return files
}

// DecodeEntry reads an entry of a journal of that format, in its present form.
func DecodeEntry(format int, data []byte) (Entry, error) {
	var e Entry
	var err error
	switch format {
	case 1:
		e, err = decodeEntry1(data)
	default:
		err = json.Unmarshal(data, &e)
	}
	if err == nil && !e.valid() {
		err = fmt.Errorf("the entry %q is incomplete", e.Op)
	}
	if err == nil && e.Op == OpOpen && e.Header.Format > JournalFormat {
		err = &NewerFormatError{Path: "the journal", Format: e.Header.Format, Writer: "of a later version"}
	}
	return e, err
}

// decodeEntry1 reads format 1, whose paths are plain strings.
func decodeEntry1(data []byte) (Entry, error) {
	type plain Entry
	var old struct {
		plain
		Path string     `json:"path"`
		File *plainFile `json:"file"`
	}
	if err := json.Unmarshal(data, &old); err != nil {
		return Entry{}, err
	}
	e := Entry(old.plain)
	e.Path, e.File = PathText(old.Path), (*File)(old.File)
	return e, nil
}
