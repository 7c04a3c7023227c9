package document

// A second reader of documents, written from docs/envelope-format.md alone. It uses nothing of this package and prefers
// plain to fast; section numbers are the document's. How it reads JSON and YAML stands in second_formats_test.go.

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/sm4"
)

// secondItem is §10; at and end are where it stands in the file.
type secondItem struct {
	kind, kindOf, text, note string
	path                     []string // each step as §12 writes it: "n" and the name, or "i" and the place
	at, end                  int
}

// secondHeader is §11: the lines before the MAC, the format, the seal, the generation, the context, the MAC.
var secondHeader = regexp.MustCompile(`^(kmsplan\.dev/document/v1 ([a-z]+)
-> seal ([!-~]+ [!-~]+) ([A-Za-z0-9+/]{22})
-> gen ([1-9][0-9]*)
-> ctx((?: [!-~]+)*)
(?:-> only(?: [!-~]+){1,8}
)?(?:-> except(?: [!-~]+){1,8}
)?(?:-> (?:alikms|age|x-[!-~]*)(?: [!-~]+)*
)+---) ([A-Za-z0-9+/]{43})$`)

// secondFirst finds what may be a header's first line.
var secondFirst = regexp.MustCompile(`(?:(?m:^)[ \t\x{FEFF}]*(?:#|;|//)[ \t]*|")kmsplan\.dev/document/v1 ([a-z]+)`)

var secondSuites = map[string]struct {
	size        int
	digest, mac func() hash.Hash
	block       func([]byte) (cipher.Block, error)
}{
	"AEAD_AES_256_GCM SHA-512": {32, sha512.New, sha256.New, aes.NewCipher},
	"AEAD_SM4_GCM SM3":         {16, sm3.New, sm3.New, sm4.NewCipher},
}

// plainBlock hides a cipher's own GCM, so that the standard library's runs.
type plainBlock struct{ cipher.Block }

func secondOpen(file string, dataKey []byte) (string, error) {
	first := secondFirst.FindAllStringSubmatch(file, -1)
	if first == nil {
		return "", errors.New("no header")
	}
	format := first[len(first)-1][1]
	body, lines, err := secondDetach(format, file)
	if err != nil {
		return "", err
	}
	m := secondHeader.FindStringSubmatch(strings.Join(lines, "\n"))
	if m == nil || m[2] != format {
		return "", errors.New("malformed header")
	}
	suite, ok := secondSuites[m[3]]
	if !ok || len(dataKey) != suite.size {
		return "", errors.New("unknown suite")
	}
	id, err := base64.RawStdEncoding.Strict().DecodeString(m[4])
	if err != nil {
		return "", err
	}

	// §12
	d := suite.digest()
	for _, part := range []string{"kmsplan.dev/document/v1", m[3], strings.TrimPrefix(m[6], " "), string(id)} {
		d.Write([]byte(secondField(part)))
	}
	bound := string(d.Sum(nil))
	block, err := suite.block(secondExpand(suite.digest, dataKey, "kmsplan document values v1"+bound, suite.size))
	if err != nil {
		return "", err
	}
	aead, err := cipher.NewGCM(plainBlock{block})
	if err != nil {
		return "", err
	}
	sealed, err := secondItems(format, body)
	if err != nil {
		return "", err
	}
	plain, end, opened := "", 0, map[int]bool{}
	for n, i := range sealed {
		token, is := strings.CutPrefix(i.text, "kmsplan:v1:")
		if i.kind != "value" || !is {
			continue
		}
		kind, coded, _ := strings.Cut(token, ":")
		box, err := base64.RawURLEncoding.Strict().DecodeString(coded)
		if err != nil || len(box) < 12+16 || kind != "text" && kind != "plain" {
			return "", errors.New("malformed token")
		}
		raw, err := aead.Open(nil, box[:12], box[12:], []byte(secondField(kind)+secondPath(i.path, false)))
		if err != nil {
			return "", err
		}
		plain, end, opened[n] = plain+body[end:i.at]+string(raw), i.end, true
	}
	plain += body[end:]

	// §13
	items, err := secondItems(format, plain)
	if err != nil || len(items) != len(sealed) {
		return "", errors.New("the items do not fit")
	}
	mac := hmac.New(suite.mac, secondExpand(suite.digest, dataKey, "kmsplan document mac v1"+bound, 32))
	mac.Write([]byte(secondField(m[1])))
	for n, i := range items {
		if opened[n] {
			i.kind = "sealed"
		}
		mac.Write([]byte(secondField(i.kind) + secondField(i.kindOf) + secondField(i.text) + secondField(i.note) + secondPath(i.path, true)))
	}
	if base64.RawStdEncoding.EncodeToString(mac.Sum(nil)) != m[7] {
		return "", errors.New("MAC")
	}
	return plain, nil
}

// secondDetach is §11's last part: what is left without the header, and its lines.
func secondDetach(format, file string) (body string, header []string, err error) {
	if format == "json" {
		return secondDetachJSON(file)
	}
	prefix := map[string]string{"yaml": "# ", "jsonc": "// ", "toml": "# ", "dotenv": "# ", "hcl": "# "}[format]
	if format == "ini" {
		prefix = "; "
		if strings.Contains(file, "# kmsplan.dev/document/v1 ini") {
			prefix = "# "
		}
	}
	lines := strings.SplitAfter(file, "\n")
	content := func(line string) (string, bool) { return strings.CutPrefix(strings.TrimSpace(line), prefix) }
	begins := func(line string) bool {
		text, is := content(line)
		return is && strings.HasPrefix(text, "kmsplan.dev/document/v1 ")
	}
	first := slices.IndexFunc(lines, begins)
	if prefix == "" || first < 0 {
		return "", nil, errors.New("no header")
	}
	last := first
	for ; last < len(lines); last++ {
		text, is := content(lines[last])
		if !is || last > first && begins(lines[last]) {
			return "", nil, errors.New("not a whole header")
		}
		if header = append(header, text); strings.HasPrefix(text, "---") {
			break
		}
	}
	if last == len(lines) || slices.IndexFunc(lines[last+1:], begins) >= 0 {
		return "", nil, errors.New("half a header, or two")
	}
	body = strings.Join(lines[:first], "")
	if last == len(lines)-1 {
		body = strings.TrimSuffix(strings.TrimSuffix(body, "\n"), "\r")
	}
	return body + strings.Join(lines[last+1:], ""), header, nil
}

func secondField(s string) string {
	return string(binary.BigEndian.AppendUint64(nil, uint64(len(s)))) + s
}

// secondPath is §12's path, or §13's, in which a place in a list has its number.
func secondPath(path []string, places bool) string {
	out := string(binary.BigEndian.AppendUint64(nil, uint64(len(path))))
	for _, step := range path {
		if step[0] == 'i' && !places {
			step = "i"
		}
		out += secondField(step)
	}
	return out
}

func secondName(path []string, name string) []string {
	return append(slices.Clone(path), "n"+name)
}

func secondPlace(path []string, place int) []string {
	return append(slices.Clone(path), "i"+strconv.Itoa(place))
}

// secondExpand is HKDF-Expand of RFC 5869, section 2.3.
func secondExpand(h func() hash.Hash, prk []byte, info string, n int) []byte {
	var okm, t []byte
	for i := byte(1); len(okm) < n; i++ {
		mac := hmac.New(h, prk)
		mac.Write(t)
		mac.Write([]byte(info))
		mac.Write([]byte{i})
		t = mac.Sum(nil)
		okm = append(okm, t...)
	}
	return okm[:n]
}
