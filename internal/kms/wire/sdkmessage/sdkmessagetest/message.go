package sdkmessagetest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"
	"sort"

	"github.com/emmansun/gmsm/sm4"
)

// Message is what a client encrypts, and what it makes of it. Nonces are fixed: it is for tests.
type Message struct {
	Stream    bool
	Algorithm int
	Key       []byte // the data key
	Keys      []DataKey
	Context   map[string]string
	Plain     []byte
}

// DataKey is the data key under one key of KMS.
type DataKey struct {
	ID   string
	Blob []byte
}

func number(n int) []byte { return []byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)} }

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func long(b []byte) []byte { return join(number(len(b)), b) }

// tlv is an element of DER.
func tlv(tag byte, content []byte) []byte {
	n := len(content)
	switch {
	case n < 0x80:
		return join([]byte{tag, byte(n)}, content)
	case n < 0x100:
		return join([]byte{tag, 0x81, byte(n)}, content)
	case n < 0x10000:
		return join([]byte{tag, 0x82, byte(n >> 8), byte(n)}, content)
	}
	return join([]byte{tag, 0x83, byte(n >> 16), byte(n >> 8), byte(n)}, content)
}

func octets(b []byte) []byte { return tlv(4, b) }

// set is a SET OF pairs, in the order of their bytes.
func set(pairs [][2][]byte) []byte {
	var all [][]byte
	for _, p := range pairs {
		all = append(all, tlv(0x30, join(octets(p[0]), octets(p[1]))))
	}
	sort.Slice(all, func(i, j int) bool { return bytes.Compare(all[i], all[j]) < 0 })
	return tlv(0x31, join(all...))
}

func (m Message) names() []string {
	var names []string
	for name := range m.Context {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func (m Message) context() []byte {
	if len(m.Context) == 0 {
		return nil
	}
	out := number(len(m.Context))
	for _, name := range m.names() {
		out = join(out, long([]byte(name)), long([]byte(m.Context[name])))
	}
	return out
}

func (k DataKey) bytes() []byte {
	return join(long([]byte(k.ID)), long([]byte(base64.StdEncoding.EncodeToString(k.Blob))))
}

func (m Message) block() cipher.Block {
	fresh := aes.NewCipher
	if m.Algorithm > 8 {
		fresh = sm4.NewCipher
	}
	block, err := fresh(m.Key)
	if err != nil {
		panic(err) // the test's mistake
	}
	return block
}

func (m Message) gcm() cipher.AEAD {
	gcm, err := cipher.NewGCM(m.block())
	if err != nil {
		panic(err)
	}
	return gcm
}

var headerIV = []byte("header nonce")

// headerTag is over the fields, the data keys sorted by their keys' ids.
func (m Message) headerTag(iv []byte) []byte {
	keys := append([]DataKey{}, m.Keys...)
	sort.Slice(keys, func(i, j int) bool { return keys[i].ID < keys[j].ID })
	fields := join(number(1), number(m.Algorithm), number(len(m.Context)), m.context(), number(len(keys)))
	for _, k := range keys {
		fields = join(fields, k.bytes())
	}
	return m.gcm().Seal(nil, iv, nil, fields)
}

// The algorithms' modes, by their numbers.
var modes = [13]string{1: "GCM", 2: "GCM", 3: "CBC", 4: "CBC", 5: "CBC+", 6: "CBC+", 7: "CTR", 8: "CTR", 9: "GCM", 10: "CBC", 11: "CBC+", 12: "CTR"}

// body encrypts what the message holds.
func (m Message) body() (iv, text, tag []byte) {
	iv = []byte("sixteen bytes iv")
	plain := bytes.Clone(m.Plain)
	switch modes[m.Algorithm] {
	case "GCM":
		iv = iv[:12]
		sealed := m.gcm().Seal(nil, iv, plain, m.context())
		return iv, sealed[:len(sealed)-16], sealed[len(sealed)-16:]
	case "CTR":
		cipher.NewCTR(m.block(), iv).XORKeyStream(plain, plain)
	case "CBC":
		plain = append(plain, make([]byte, (16-len(plain)%16)%16)...) // the caller's to do
		cipher.NewCBCEncrypter(m.block(), iv).CryptBlocks(plain, plain)
	case "CBC+":
		n := 16 - len(plain)%16
		plain = append(plain, bytes.Repeat([]byte{byte(n)}, n)...)
		cipher.NewCBCEncrypter(m.block(), iv).CryptBlocks(plain, plain)
	}
	return iv, plain, nil
}

// Write is the message.
func (m Message) Write() []byte {
	iv, text, tag := m.body()
	if m.Stream {
		out := join(number(1), number(m.Algorithm), long(m.context()), number(len(m.Keys)))
		for _, k := range m.Keys {
			out = join(out, k.bytes())
		}
		return join(out, long(headerIV), long(m.headerTag(headerIV)), long(iv), text, tag)
	}
	var keys, context [][2][]byte
	for _, k := range m.Keys {
		keys = append(keys, [2][]byte{[]byte(k.ID), k.Blob})
	}
	for name, value := range m.Context {
		context = append(context, [2][]byte{[]byte(name), []byte(value)})
	}
	header := join(tlv(2, []byte{1}), tlv(2, []byte{byte(m.Algorithm)}), set(keys), set(context), octets(headerIV), octets(m.headerTag(headerIV)))
	return tlv(0x30, join(tlv(0x30, header), tlv(0x30, join(octets(iv), octets(text), octets(tag)))))
}

// Read opens a message with its data key, and refuses one whose header that key did not seal.
func Read(data, key []byte) (Message, error) {
	m, iv, tag, bodyIV, sealed := Message{}, []byte(nil), []byte(nil), []byte(nil), []byte(nil)
	var err error
	if len(data) > 0 && data[0] == 0x30 {
		m, iv, tag, bodyIV, sealed, err = readDER(data)
	} else {
		m, iv, tag, bodyIV, sealed, err = readStream(data)
	}
	if err != nil {
		return m, err
	}
	m.Key = key
	if !bytes.Equal(m.headerTag(iv), tag) {
		return m, errors.New("header authTag verify failed") // as the vendor's readers say
	}
	m.Plain, err = m.open(bodyIV, sealed)
	return m, err
}

func (m Message) open(iv, sealed []byte) ([]byte, error) {
	plain := bytes.Clone(sealed)
	switch mode := modes[m.Algorithm]; mode {
	case "GCM":
		return m.gcm().Open(nil, iv, sealed, m.context())
	case "CTR":
		cipher.NewCTR(m.block(), iv).XORKeyStream(plain, plain)
	default:
		cipher.NewCBCDecrypter(m.block(), iv).CryptBlocks(plain, plain)
		if mode == "CBC+" {
			return plain[:len(plain)-int(plain[len(plain)-1])], nil
		}
		return bytes.TrimRight(plain, "\x00"), nil
	}
	return plain, nil
}

// reader takes a message apart.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.rest) {
		r.err, r.rest = fmt.Errorf("%d bytes are missing", n-len(r.rest)), nil
		return nil
	}
	out := r.rest[:n]
	r.rest = r.rest[n:]
	return out
}

func (r *reader) number() int {
	b := append(bytes.Clone(r.take(4)), 0, 0, 0, 0)
	return int(b[0])<<24 | int(b[1])<<16 | int(b[2])<<8 | int(b[3])
}

func (r *reader) long() []byte { return r.take(r.number()) }

// element is the content of an element of DER with that tag.
func (r *reader) element(tag byte) *reader {
	head := append(bytes.Clone(r.take(2)), 0, 0)
	n := int(head[1])
	if head[0] != tag {
		r.err = fmt.Errorf("an element of type %#x where %#x is due", head[0], tag)
	}
	if n > 0x80 {
		length := r.take(n - 0x80)
		n = 0
		for _, b := range length {
			n = n<<8 | int(b)
		}
	}
	inner := r.take(n)
	return &reader{inner, r.err}
}

func readStream(data []byte) (m Message, iv, tag, bodyIV, sealed []byte, err error) {
	r := &reader{rest: bytes.Clone(data)}
	m.Stream = true
	r.number()
	m.Algorithm = r.number()
	m.Context = map[string]string{}
	if context := r.long(); len(context) > 0 {
		c := &reader{rest: context}
		for range c.number() {
			name := string(c.long())
			m.Context[name] = string(c.long())
		}
	}
	for range r.number() {
		id := string(r.long())
		blob, _ := base64.StdEncoding.DecodeString(string(r.long()))
		m.Keys = append(m.Keys, DataKey{id, blob})
	}
	iv, tag, bodyIV = r.long(), r.long(), r.long()
	return m, iv, tag, bodyIV, r.rest, r.err
}

func readDER(data []byte) (m Message, iv, tag, bodyIV, sealed []byte, err error) {
	all := (&reader{rest: bytes.Clone(data)}).element(0x30)
	header, body := all.element(0x30), all.element(0x30)
	header.element(2)
	m.Algorithm = int(header.element(2).take(1)[0])
	m.Context = map[string]string{}
	for keys := header.element(0x31); len(keys.rest) > 0; {
		p := keys.element(0x30)
		m.Keys = append(m.Keys, DataKey{string(p.element(4).rest), p.element(4).rest})
	}
	for pairs := header.element(0x31); len(pairs.rest) > 0; {
		p := pairs.element(0x30)
		name := string(p.element(4).rest)
		m.Context[name] = string(p.element(4).rest)
	}
	iv, tag = header.element(4).rest, header.element(4).rest
	bodyIV = body.element(4).rest
	sealed = join(body.element(4).rest, body.element(4).rest)
	return m, iv, tag, bodyIV, sealed, errors.Join(all.err, header.err, body.err)
}
