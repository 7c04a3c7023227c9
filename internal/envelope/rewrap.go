package envelope

import (
	"fmt"
	"io"
	"math"

	"kmsplan.dev/kmsplan/internal/envelope/cobblestone"
	"kmsplan.dev/kmsplan/internal/safety"
)

// File is what [Rewrap] needs of a file; *os.File has it.
type File interface {
	io.ReaderAt
	io.WriterAt
	Sync() error // returns once everything written is on stable storage
}

// Rewrap replaces a slotted envelope's recipient stanzas, in place: the idle
// slot is written and synced, then the old one is wiped and synced. At every
// instant one slot is whole. The body does not change, so who unwrapped the
// data key before can still open it.
//
// The caller keeps other writers away. A compact envelope, or stanzas that
// outgrow the slot, give [ErrNeedsRewrite], and nothing has been written. After
// any other error the file is still whole, with the old header or the new.
func Rewrap(f File, dataKey []byte, stanzas []*Stanza) (*Header, error) {
	head, err := readHead(io.NewSectionReader(f, 0, MaxHeader+cobblestone.PrefixSize))
	if err != nil {
		return nil, err
	}
	old, err := head.proved(dataKey)
	if err != nil {
		return nil, err
	}
	if head.slotSize == 0 {
		return nil, ErrNeedsRewrite
	}
	h, err := old.successor(stanzas)
	if err != nil {
		return nil, err
	}
	h.slot = 1 - old.slot
	text, err := h.text(dataKey)
	if err != nil {
		return nil, err
	}
	if len(text) > h.SlotSize-versionRoom {
		return nil, ErrNeedsRewrite
	}
	if err := writeSlot(f, h.SlotSize, h.slot, text); err != nil {
		return nil, fmt.Errorf("writing header slot %d: %w", h.slot, err)
	}
	if err := writeSlot(f, h.SlotSize, old.slot, nil); err != nil {
		return nil, fmt.Errorf("wiping header slot %d: %w", old.slot, err)
	}
	return h, nil
}

// writeSlot fills a slot with text and zeros, and syncs. The version line, in
// front of slot 0, is never written again.
func writeSlot(f File, size, slot int, text []byte) error {
	at := slot * size
	if slot == 0 {
		at = len(versionLine(size))
	}
	content := make([]byte, (slot+1)*size-at)
	copy(content, text)
	if _, err := f.WriteAt(content, int64(at)); err != nil || safety.Off(safety.SlotSync) {
		return err
	}
	return f.Sync()
}

// RewriteHeader copies the envelope src to dst with other recipient stanzas
// and gives the new file's length. The body is copied as it is. It serves
// compact envelopes and headers that outgrew their slots; dst is a temporary
// file that replaces src when it is synced.
func RewriteHeader(dst io.Writer, src io.Reader, dataKey []byte, stanzas []*Stanza) (*Header, int64, error) {
	head, err := readHead(src)
	if err != nil {
		return nil, 0, err
	}
	h, lead, err := head.anew(dataKey, stanzas)
	if err != nil {
		return nil, 0, err
	}
	first := append(lead, head.raw[head.body:]...)
	if _, err := dst.Write(first); err != nil {
		return nil, 0, fmt.Errorf("writing the header: %w", err)
	}
	n, err := io.Copy(dst, src)
	if err != nil {
		return nil, 0, fmt.Errorf("copying the body: %w", err)
	}
	return h, int64(len(first)) + n, nil
}

// Lead is what stands before the body once the envelope has other recipient stanzas, and where the body begins as it is: for
// stores that exchange the beginning of an object and keep the rest themselves.
func (b *Beginning) Lead(dataKey []byte, stanzas []*Stanza) (h *Header, lead []byte, body int64, err error) {
	h, lead, err = b.head.anew(dataKey, stanzas)
	return h, lead, int64(b.head.body), err
}

// anew lays out the header with other recipient stanzas.
func (h *head) anew(dataKey []byte, stanzas []*Stanza) (*Header, []byte, error) {
	old, err := h.proved(dataKey)
	if err != nil {
		return nil, nil, err
	}
	next, err := old.successor(stanzas)
	if err != nil {
		return nil, nil, err
	}
	lead, err := next.layOut(h.slotSize != 0, dataKey)
	return next, lead, err
}

// proved is the header of the highest generation whose MAC is right.
func (h *head) proved(dataKey []byte) (*Header, error) {
	var first error
	for _, hdr := range h.headers {
		err := hdr.verify(dataKey)
		if err == nil {
			return hdr, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

// successor is h's next generation, for other recipients.
func (h *Header) successor(stanzas []*Stanza) (*Header, error) {
	if h.Generation == math.MaxInt64 {
		return nil, fmt.Errorf("generation %d is the last: encrypt the file anew", h.Generation)
	}
	next := *h
	next.Generation++
	next.Stanzas = stanzas
	next.Interrupted = false
	return &next, nil
}
