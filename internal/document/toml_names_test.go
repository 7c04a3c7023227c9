package document

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// likeTheLibrary holds the file's fate to the library's, whose own check of names takes the square of them.
func likeTheLibrary(t *testing.T, src string) {
	t.Helper()
	var whole map[string]any
	want := toml.Unmarshal([]byte(src), &whole)
	if _, err := (tomlFormat{}).Parse([]byte(src)); (err == nil) != (want == nil) {
		t.Errorf("%q: %v; the library says: %v", src, err, want)
	}
}

// TestNamesThatComeTwiceInTOML makes small files of few names, so that most meet each other.
func TestNamesThatComeTwiceInTOML(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	name := func() string {
		n := pick("a", "b", `"a"`)
		for r.IntN(3) == 0 {
			n += "." + pick("a", "b", "c")
		}
		return n
	}
	value := func() string {
		return pick("1", "''", "{}", "[]", "{a = 1}", "{a.b = 1, b = 2}", "[{a = 1}, {a = 1, a.b = 2}]", "[[{a = {b = 1}}]]")
	}
	accepted := 0
	for range 30_000 {
		var src strings.Builder
		for range 1 + r.IntN(6) {
			switch r.IntN(4) {
			case 0:
				fmt.Fprintf(&src, "[%s]\n", name())
			case 1:
				fmt.Fprintf(&src, "[[%s]]\n", name())
			default:
				fmt.Fprintf(&src, "%s = %s\n", name(), value())
			}
		}
		likeTheLibrary(t, src.String())
		if _, err := (tomlFormat{}).Parse([]byte(src.String())); err == nil {
			accepted++
		}
	}
	if accepted < 3_000 || accepted > 27_000 {
		t.Errorf("%d files of 30,000 were TOML: they show nothing", accepted)
	}
}

func TestValuesThatAreNoneInTOML(t *testing.T) {
	for _, value := range []string{
		"1", "-0", "+1_000", "01", "1__0", "9223372036854775807", "9223372036854775808", "0x7fffffffffffffff", "0xffffffffffffffff", "0o777", "0b2", "1e400", "1.", ".5",
		"nan", "-inf", "infinity", "true", "True", "2021-02-29", "2020-02-29", "2021-13-01", "2021-01-01T25:00:00", "2021-01-01T23:59:60Z", "2021-01-01 10:00:00+25:00",
		"10:00", "10:00:00", "24:00:00", "10:00:00.1234567890", "2021-01-01T10:00:00.5-01:30", "1979-05-27 07:32:00 # c", "'\x01'", "\"\\u00zz\"", "\"\\ud800\"", "\"\xff\"", "1 # \xff", "", "1 2",
	} {
		likeTheLibrary(t, "a = "+value+"\n")
		likeTheLibrary(t, "x = 'a'\nb = [1,\n {c = "+value+"\n}]\n")
	}
}

// TestTOMLIsRefusedWhereItIsWrong: names and values, too, with a byte order mark and CRLF.
func TestTOMLIsRefusedWhereItIsWrong(t *testing.T) {
	for src, want := range map[string]string{
		"a = 1\nb = 2\n  a = 3\n":          `line 3, column 3: this is no TOML: the name "a" is there already, as a value`,
		"[a]\n[b]\n[ a ]\n":                `line 3, column 3: this is no TOML: the table "a" is there already, as a table with a header`,
		"a.b = 1\n[a]\n":                   `line 2, column 2: this is no TOML: the table "a" is there already, as a table by dotted names`,
		"[[a]]\n[a.b]\n[a.b]\n":            `line 3, column 2: this is no TOML: the table "b" is there already, as a table with a header`,
		"[a]\n[[a]]\n":                     `line 2, column 3: this is no TOML: the array of tables "a" is there already, as a table with a header`,
		"\ufeffa = 1\r\n[a.b]\r\n":         `line 2, column 2: this is no TOML: "a" is a value already, and no table`,
		"a = [\n {b = 1, c = 2, b = 3}]\n": `line 2, column 17: this is no TOML: the name "b" is there already, as a value`,
		"a = 'x'\n" + strings.Repeat("# c\n", 9) + "b = [1, 2021-13-01]\n": `line 11, column 9: this is no TOML: `,
	} {
		if _, err := (tomlFormat{}).Parse([]byte(src)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", src, err, want)
		}
	}
}

// TestTOMLTakesItsLength: the library's own check of names takes minutes for these; a second is what they should take.
func TestTOMLTakesItsLength(t *testing.T) {
	for _, kind := range []string{"[t%d]\na = 1\n", "k%d = 1\n", "[[t]]\n[t.b%d]\nc = 1\n"} {
		var src strings.Builder
		for i := range 300_000 {
			fmt.Fprintf(&src, kind, i)
		}
		start := time.Now()
		if _, err := (tomlFormat{}).Parse([]byte(src.String())); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took > time.Minute {
			t.Errorf("%q: %v for %d bytes", kind, took, src.Len())
		}
	}
}
