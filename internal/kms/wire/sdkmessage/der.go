package sdkmessage

import (
	"encoding/asn1"
)

// The layout of a message (Asn1FormatHandler), in DER:
//
//	Message ::= SEQUENCE { header Header, body Body }
//	Header  ::= SEQUENCE { version INTEGER, algorithm INTEGER, dataKeys SET OF Pair, context SET OF Pair,
//	                       iv OCTET STRING, tag OCTET STRING }
//	Pair    ::= SEQUENCE { OCTET STRING, OCTET STRING }  -- key and blob; name and value
//	Body    ::= SEQUENCE { iv, ciphertext, tag OCTET STRING }
type (
	derMessage struct {
		Header derHeader
		Body   asn1.RawValue
	}
	derHeader struct {
		Version, Algorithm int
		Keys               []derPair `asn1:"set"`
		Context            []derPair `asn1:"set"`
		IV, Tag            []byte
	}
	derPair struct{ First, Second []byte }
	derBody struct{ IV, Text, Tag []byte }
)

func parseDER(data []byte) (*Message, bool) {
	var d derMessage
	var b derBody
	if len(data) == 0 || data[0] != 0x30 {
		return nil, false
	}
	if rest, err := asn1.Unmarshal(data, &d); err != nil || len(rest) > 0 || d.Header.Version != version {
		return nil, false
	}
	if rest, err := asn1.Unmarshal(d.Body.FullBytes, &b); err != nil || len(rest) > 0 {
		return nil, false
	}
	m := &Message{algorithm: d.Header.Algorithm, iv: d.Header.IV, tag: d.Header.Tag, Context: map[string]string{}}
	m.body = body{b.IV, append(b.Text, b.Tag...), d.Body.FullBytes}
	for _, k := range d.Header.Keys {
		m.Keys = append(m.Keys, DataKey{string(k.First), k.Second})
	}
	for _, p := range d.Header.Context {
		if _, twice := m.Context[string(p.First)]; twice {
			return nil, false
		}
		m.Context[string(p.First)] = string(p.Second)
	}
	want := 0
	if m.authenticated() {
		want = tagLen
	}
	return m, len(b.Tag) == want
}

// der writes it; package asn1 puts the members of a set in the order of DER.
func (m *Message) der() ([]byte, error) {
	d := derMessage{Header: derHeader{Version: version, Algorithm: m.algorithm, IV: m.iv, Tag: m.tag}, Body: asn1.RawValue{FullBytes: m.body.kept}}
	for _, k := range m.Keys {
		d.Header.Keys = append(d.Header.Keys, derPair{[]byte(k.ID), k.Blob})
	}
	for name, value := range m.Context {
		d.Header.Context = append(d.Header.Context, derPair{[]byte(name), []byte(value)})
	}
	return asn1.Marshal(d)
}
