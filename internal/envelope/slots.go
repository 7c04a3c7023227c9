package envelope

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"kmsplan.dev/kmsplan/internal/envelope/cobblestone"
)

const (
	// MaxHeader bounds everything before the body, in bytes.
	MaxHeader = 64 << 10
	// CompactLimit is the plaintext size from which an envelope gets two slots.
	CompactLimit = 64 << 10

	minSlot     = 4096 // what a disk loses at once: a slot shares no such block with the other
	maxSlot     = MaxHeader / 2
	versionRoom = 64   // of each slot is kept free, so that both hold equal text
	slotSpare   = 1024 // for recipients that a rewrap adds
)

// versionLine is the first line of a file, with its line feed.
func versionLine(slotSize int) string {
	if slotSize == 0 {
		return magic + "\n"
	}
	return magic + " slotted " + strconv.Itoa(slotSize) + "\n"
}

// chooseSlot is the size of slots for a header of n bytes: the smallest that
// leaves room to grow, or the largest.
func chooseSlot(n int) int {
	size := minSlot
	for size < maxSlot && n+slotSpare > size-versionRoom {
		size *= 2
	}
	return size
}

// region writes everything before the body: version line and the first slot's
// text, then, if slotted, zeros up to the end of the second slot.
func region(slotSize int, text []byte) ([]byte, error) {
	all := append([]byte(versionLine(slotSize)), text...)
	if slotSize == 0 {
		if len(all) > MaxHeader {
			return nil, fmt.Errorf("the header takes %d bytes of at most %d: use fewer recipients or a smaller context", len(all), MaxHeader)
		}
		return all, nil
	}
	if len(text) > slotSize-versionRoom {
		return nil, fmt.Errorf("the header takes %d bytes of at most %d: use fewer recipients or a smaller context", len(text), slotSize-versionRoom)
	}
	return append(all, make([]byte, 2*slotSize-len(all))...), nil
}

// head is the beginning of a file, up to the body's prefix at least.
type head struct {
	raw      []byte
	slotSize int
	body     int // where the body begins in raw
	headers  []*Header
	err      error // of a slot that cannot be read
}

// readHead reads the beginning of a file and the headers in it, highest
// generation first. It reads a bounded amount, whatever the file says.
func readHead(r io.Reader) (*head, error) {
	h := &head{}
	if err := h.readVersion(r); err != nil {
		return nil, err
	}
	start := len(versionLine(h.slotSize))
	var slots [][]byte
	if h.slotSize == 0 {
		end, err := h.readText(r, start)
		if err != nil {
			return nil, err
		}
		h.body = end
		slots = [][]byte{h.raw[start:end]}
	} else {
		h.body = 2 * h.slotSize
	}
	if err := h.need(r, h.body+cobblestone.PrefixSize); err != nil {
		// The body of a slotted file that lost its zero bytes follows the text.
		if end := textEnd(h.raw[start:]); err == ErrTruncated && end > 0 && len(h.raw) > start+end+cobblestone.PrefixSize {
			if changed := convertedBody(h.slotSize != 0, h.raw, nil); changed != nil {
				return nil, changed
			}
		}
		return nil, err
	}
	if h.slotSize != 0 {
		slots = [][]byte{h.raw[start:h.slotSize], h.raw[h.slotSize:h.body]}
	}
	h.parse(slots)
	if len(h.headers) > 0 {
		return h, nil
	}
	if changed := convertedBody(h.slotSize != 0, h.raw[:h.body], h.raw[h.body:h.body+cobblestone.PrefixSize]); changed != nil {
		return nil, changed
	}
	return nil, h.err
}

// parse reads the slots. A slot that a rewrap left half-written or wiped is
// passed over.
func (h *head) parse(slots [][]byte) {
	prefix := slices.Clone(h.raw[h.body : h.body+cobblestone.PrefixSize])
	for i, slot := range slots {
		hdr, err := parseSlot(h.slotSize, slot, prefix)
		if err != nil {
			if h.err == nil || slot[0] != 0 {
				h.err = err
			}
			continue
		}
		hdr.slot = i
		hdr.BodyOffset = int64(h.body)
		h.headers = append(h.headers, hdr)
	}
	slices.SortStableFunc(h.headers, func(a, b *Header) int { return cmp.Compare(b.Generation, a.Generation) })
	for _, hdr := range h.headers {
		hdr.Interrupted = len(h.headers) > 1
	}
}

// parseSlot reads one slot: text, then nothing but zeros.
func parseSlot(slotSize int, slot, prefix []byte) (*Header, error) {
	damaged := &CorruptError{What: "header, or the start of the body"}
	end := textEnd(slot)
	if end <= 0 || len(bytes.Trim(slot[end:], "\x00")) != 0 || !whole(slotSize, slot[:end], prefix) {
		return nil, damaged
	}
	return parseHeader(slotSize, slot[:end], prefix)
}

// textEnd is where the text ends: after the line that begins with "--- ". It
// is 0 if that line has not come yet and -1 if it comes first or is not as long
// as it must be.
func textEnd(text []byte) int {
	if bytes.HasPrefix(text, []byte("--- ")) {
		return -1
	}
	i := bytes.Index(text, []byte("\n--- "))
	if i < 0 {
		return 0
	}
	end := i + 1 + lastLine
	if end < len(text) && text[end] == '\n' {
		return end + 1
	}
	if end < len(text) || bytes.IndexByte(text[i+1:], '\n') >= 0 {
		return -1
	}
	return 0
}

// readVersion reads the first line and learns the layout from it.
func (h *head) readVersion(r io.Reader) error {
	err := h.need(r, versionRoom)
	first := h.raw[:min(len(h.raw), versionRoom)]
	cut, _, found := bytes.Cut(first, []byte("\n"))
	line := string(cut)
	if !strings.HasPrefix(line, product) {
		return notVersion(first, line, err)
	}
	for _, size := range []int{0, 4096, 8192, 16384, 32768} {
		if found && line+"\n" == versionLine(size) {
			h.slotSize = size
			return nil
		}
	}
	if changed := convertedLine(line); changed != nil {
		return changed
	}
	if !found && err != nil {
		return err
	}
	return fmt.Errorf("version line %q: %w", line, ErrUnsupported)
}

// notVersion is the error of a file that begins with no version line; err is that of reading it.
func notVersion(first []byte, line string, err error) error {
	if err != nil && line != "" && strings.HasPrefix(product, line) {
		return err
	}
	if err != nil && err != ErrTruncated {
		return err
	}
	if changed := converted(first); changed != nil {
		return changed
	}
	return ErrNotEnvelope
}

// readText reads a compact header to its last line and gives its end in raw.
func (h *head) readText(r io.Reader, start int) (int, error) {
	for {
		switch end := textEnd(h.raw[start:]); {
		case end > 0 && start+end <= MaxHeader:
			return start + end, nil
		case end != 0:
			return 0, &CorruptError{What: "header (its last line is malformed or too far down)"}
		case len(h.raw) > MaxHeader:
			return 0, &CorruptError{What: fmt.Sprintf("header (longer than %d bytes)", MaxHeader)}
		}
		if err := h.need(r, len(h.raw)+1); err != nil {
			return 0, err
		}
	}
}

// need reads until raw holds n bytes; more may come with them.
func (h *head) need(r io.Reader, n int) error {
	for empty := 0; len(h.raw) < n; empty++ {
		h.raw = slices.Grow(h.raw, min(minSlot, MaxHeader))
		got, err := r.Read(h.raw[len(h.raw):cap(h.raw)])
		h.raw = h.raw[:len(h.raw)+got]
		if len(h.raw) >= n {
			return nil
		}
		if err == io.EOF {
			return ErrTruncated
		}
		if err != nil {
			return err
		}
		if got > 0 {
			empty = 0
		}
		if empty == 100 {
			return io.ErrNoProgress
		}
	}
	return nil
}
