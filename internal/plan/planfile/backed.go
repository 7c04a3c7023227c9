package planfile

import "errors"

// maxDepth bounds how deep values nest: no configuration comes near it.
const maxDepth = 256

var errNotBacked = errors.New("a value that is not whole")

// backed checks that every length in MessagePack is backed by bytes and that nothing nests too deep,
// because go-cty allocates by a length before it reads what the length promises.
func backed(raw []byte) error {
	rest, err := skip(raw, 0)
	if err == nil && len(rest) > 0 {
		err = errNotBacked
	}
	return err
}

// form is how a MessagePack object goes on after its code: a length of some bytes, then fixed bytes, then
// the length's worth of bytes or objects.
type form struct{ length, fixed, bytes, objects int }

// forms are the codes from 0xc4 on (MessagePack specification, "Formats").
var forms = [...]form{
	{length: 1, bytes: 1}, {length: 2, bytes: 1}, {length: 4, bytes: 1}, // bin
	{length: 1, fixed: 1, bytes: 1}, {length: 2, fixed: 1, bytes: 1}, {length: 4, fixed: 1, bytes: 1}, // ext
	{fixed: 4}, {fixed: 8}, // float
	{fixed: 1}, {fixed: 2}, {fixed: 4}, {fixed: 8}, // uint
	{fixed: 1}, {fixed: 2}, {fixed: 4}, {fixed: 8}, // int
	{fixed: 2}, {fixed: 3}, {fixed: 5}, {fixed: 9}, {fixed: 17}, // fixext
	{length: 1, bytes: 1}, {length: 2, bytes: 1}, {length: 4, bytes: 1}, // str
	{length: 2, objects: 1}, {length: 4, objects: 1}, // array
	{length: 2, objects: 2}, {length: 4, objects: 2}, // map
}

// skip returns what follows the first object of raw.
func skip(raw []byte, depth int) ([]byte, error) {
	if len(raw) == 0 || depth > maxDepth {
		return nil, errNotBacked
	}
	code, rest := raw[0], raw[1:]
	bytes, objects := 0, 0
	switch {
	case code < 0x80 || code >= 0xe0 || code == 0xc0 || code == 0xc2 || code == 0xc3: // small numbers, nil, booleans
	case code < 0x90:
		objects = 2 * int(code&0x0f)
	case code < 0xa0:
		objects = int(code & 0x0f)
	case code < 0xc0:
		bytes = int(code & 0x1f)
	case code < 0xc4:
		return nil, errNotBacked
	default:
		f := forms[code-0xc4]
		if len(rest) < f.length {
			return nil, errNotBacked
		}
		n := 0
		for _, b := range rest[:f.length] {
			n = n<<8 | int(b)
		}
		rest, bytes, objects = rest[f.length:], f.fixed+n*f.bytes, n*f.objects
	}
	if bytes > len(rest) || objects > len(rest) {
		return nil, errNotBacked
	}
	rest = rest[bytes:]
	for range objects {
		var err error
		if rest, err = skip(rest, depth+1); err != nil {
			return nil, err
		}
	}
	return rest, nil
}
