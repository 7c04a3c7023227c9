package sdkmessage

import (
	"encoding/base64"
	"encoding/binary"
)

// The layout of a message that was written as a stream (CipherHeader.serialize; the client for Java alone). Numbers have
// four bytes, the highest first; a part is its length and its bytes:
//
//	version ‖ algorithm ‖ part(context) ‖ number of data keys ‖ for each part(key) ‖ part(blob in base64) ‖
//	part(header's iv) ‖ part(header's tag) ‖ part(body's iv) ‖ ciphertext with its tag
//
// where the context is the number of its pairs ‖ for each part(name) ‖ part(value), or empty.

// parts reads them one after the other; ok goes false at the first that is not there.
type parts struct {
	rest []byte
	ok   bool
}

func (p *parts) number() int {
	if len(p.rest) < 4 {
		p.ok, p.rest = false, nil
		return 0
	}
	n := binary.BigEndian.Uint32(p.rest)
	p.rest = p.rest[4:]
	return int(n)
}

func (p *parts) part() []byte {
	n := p.number()
	if n < 0 || n > len(p.rest) {
		p.ok, p.rest = false, nil
		return nil
	}
	part := p.rest[:n]
	p.rest = p.rest[n:]
	return part
}

func parseStream(data []byte) (*Message, bool) {
	p := &parts{data, true}
	m := &Message{Stream: true, Context: map[string]string{}}
	if p.number() != version {
		return nil, false
	}
	m.algorithm = p.number()
	if context := p.part(); len(context) > 0 {
		c := &parts{context, true}
		for n := c.number(); c.ok && n > 0; n-- {
			name := string(c.part())
			_, twice := m.Context[name]
			m.Context[name] = string(c.part())
			c.ok = c.ok && !twice
		}
		p.ok = p.ok && c.ok && len(c.rest) == 0 && len(m.Context) > 0
	}
	for n := p.number(); p.ok && n > 0; n-- {
		id := string(p.part())
		blob, err := base64.StdEncoding.Strict().DecodeString(string(p.part()))
		p.ok = p.ok && err == nil
		m.Keys = append(m.Keys, DataKey{id, blob})
	}
	m.iv, m.tag = p.part(), p.part()
	m.body.kept = p.rest
	m.body.iv = p.part()
	m.body.sealed = p.rest
	return m, p.ok
}

func (m *Message) stream() []byte {
	out := binary.BigEndian.AppendUint32(nil, version)
	out = binary.BigEndian.AppendUint32(out, uint32(m.algorithm))
	out = appendPart(out, m.contextBytes())
	out = binary.BigEndian.AppendUint32(out, uint32(len(m.Keys)))
	for _, k := range m.Keys {
		out = appendPart(appendPart(out, k.ID), base64.StdEncoding.EncodeToString(k.Blob))
	}
	return append(appendPart(appendPart(out, m.iv), m.tag), m.body.kept...)
}
