package kind

import (
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/zclconf/go-cty/cty"
)

func TestTheTablesAreComplete(t *testing.T) {
	type named struct {
		name string
		data bool
	}
	seen := map[named]bool{}
	for _, k := range Kinds() {
		if k.Doc == "" || seen[named{k.Name, k.Data()}] || Lookup(k.Name, k.Data()) != k || Lookup(k.Name, !k.Data()) == k {
			t.Errorf("%s: no doc, twice, or not found", k.Name)
		}
		seen[named{k.Name, k.Data()}] = true
		names := map[string]bool{}
		check := func(a Attribute) {
			if a.Doc == "" || !strings.HasSuffix(a.Doc, ".") || names[a.Name] {
				t.Errorf("%s.%s: no sentence of documentation, or twice", k.Name, a.Name)
			}
			if a.Mode == Computed && (a.Immutable || a.WriteOnly || a.Check != nil) {
				t.Errorf("%s.%s is computed and more", k.Name, a.Name)
			}
			names[a.Name] = true
		}
		for _, a := range k.Attributes {
			check(a)
			if _, referable := k.ObjectType().AttributeTypes()[a.Name]; referable == a.WriteOnly {
				t.Errorf("%s.%s: write-only attributes and no others are kept from references", k.Name, a.Name)
			}
		}
		for _, b := range k.Blocks {
			names = map[string]bool{}
			for _, a := range b.Attributes {
				check(a)
			}
			if b.ExclusiveWith != "" && k.Attribute(b.ExclusiveWith) == nil {
				t.Errorf("%s.%s excludes an attribute that is not there", k.Name, b.Name)
			}
		}
	}
	if strings.Join(Managed(), " ") != "key alias rotation_policy secret network_rule access_policy application_access_point client_key" || strings.Join(DataKinds(), " ") != "encrypt decrypt rewrap key keys public_key alias aliases secret secrets instance" {
		t.Error(Managed(), DataKinds())
	}
	for _, name := range []string{"key", "secret", "application_access_point", "client_key"} {
		if !Lookup(name, false).Protected {
			t.Errorf("a vanished %s block is not refused", name)
		}
	}
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{"365d": 365 * Day, "31536000s": 365 * Day, "12h": 12 * time.Hour, "90m": 90 * time.Minute, "0s": 0} {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "90", "d", "90 d", "-1d", "1.5d", "1d12h", "90D", "1w", "999999999999d", "9999999999999999999s"} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("%q is read as %s", text, got)
		}
	}
	for d, want := range map[time.Duration]string{365 * Day: "365d", 36 * time.Hour: "36h", 90 * time.Minute: "90m", 61 * time.Second: "61s", 0: "0s"} {
		if got := FormatDuration(d); got != want {
			t.Errorf("%s is written %s, want %s", d, got, want)
		}
	}
}

func TestValuesAreComparedByWhatTheyMean(t *testing.T) {
	for _, c := range []struct {
		kind, attr, a, b string
		equal            bool
	}{
		{"rotation_policy", "interval", "365d", "31536000s", true},
		{"rotation_policy", "interval", "90d", "91d", false},
		{"rotation_policy", "interval", "odd", "odd", true},
		{"key", "rotation_interval", "24h", "1d", true},
		{"key", "policy", `{"a": 1, "b": [2]}`, "{\"b\":[2],\n\"a\":1}", true},
		{"key", "policy", `{"a": 1}`, `{"a": 2}`, false},
		{"key", "policy", `{"a": 12345678901234567890}`, `{"a": 12345678901234567891}`, false},
		{"key", "policy", `not json`, `not json`, true},
	} {
		equal := Lookup(c.kind, false).Attribute(c.attr).Equal
		if got := equal(cty.StringVal(c.a), cty.StringVal(c.b)); got != c.equal {
			t.Errorf("%s.%s: %s and %s: %v", c.kind, c.attr, c.a, c.b, got)
		}
	}
}

func text(s ...string) cty.Value {
	if len(s) == 1 {
		return cty.StringVal(s[0])
	}
	values := map[string]cty.Value{}
	for i := 0; i < len(s); i += 2 {
		values[s[i]] = cty.StringVal(s[i+1])
	}
	return cty.MapVal(values)
}

func TestChecks(t *testing.T) {
	set := func(s ...cty.Value) cty.Value { return cty.SetVal(s) }
	hybrid := postQuantum(t)
	list := func(s ...cty.Value) cty.Value { return cty.ListVal(s) }
	long := strings.Repeat("ä", MaxDescription)
	for _, c := range []struct {
		kind       string
		data       bool
		attr       string
		good, bad  []cty.Value
		complaints string
	}{
		{"key", false, "description", []cty.Value{text(""), text(long)}, []cty.Value{text(long + "x")}, "at most 8192"},
		{"key", false, "spec", []cty.Value{text("Aliyun_AES_256"), text("EC_SM2")}, []cty.Value{text("aliyun_aes_256"), text("")}, "is not a key spec"},
		{"key", false, "usage", []cty.Value{text("SIGN/VERIFY")}, []cty.Value{text("SIGN")}, "is not a key usage"},
		{"key", false, "origin", []cty.Value{text("EXTERNAL")}, []cty.Value{text("External")}, "is not a key origin"},
		{"key", false, "protection_level", []cty.Value{text("HSM")}, []cty.Value{text("hsm")}, "is not a protection level"},
		{"key", false, "instance", []cty.Value{text("kst-hzz65f176a0ogplgq****")}, []cty.Value{text("key-x"), text("kst-")}, "no KMS instance id"},
		{"key", false, "tags", []cty.Value{cty.MapValEmpty(cty.String), text("team", "a/b"), cty.MapVal(map[string]cty.Value{"t": cty.UnknownVal(cty.String)})},
			[]cty.Value{text("a b", "x"), text("", "x"), text("t", "a b"), text("Aliyun", "x"), text("kmsplan:x", "y"), text("ACS:x", "y"), cty.MapVal(map[string]cty.Value{"t": cty.NullVal(cty.String)})}, ""},
		{"key", false, "policy", []cty.Value{text(`{"Version":"1","Statement":[{}]}`)},
			[]cty.Value{text(""), text("[]"), text("{}"), text(`{"Statement":[]}`), text(`{"Statement":[{}]} x`), text(strings.Repeat(" ", MaxPolicy+1))}, "key policy"},
		{"alias", false, "name", []cty.Value{text("alias/a"), text("alias/acsx"), text("alias/" + strings.Repeat("a", 255))},
			[]cty.Value{text("a"), text("alias/"), text("alias/acs"), text("alias/acs/x"), text("alias/ä"), text("alias/" + strings.Repeat("a", 256))}, ""},
		{"alias", false, "key", []cty.Value{text("key-1")}, []cty.Value{text(""), text("alias/a"), text("acs:kms:r:1:key/x")}, "key.NAME.id"},
		{"rotation_policy", false, "interval", []cty.Value{text("7d"), text("365d"), text("31536000s"), text("168h"), text("6h"), text("8760h")}, []cty.Value{text("5h"), text("366d"), text("x"), text("31536001s")}, ""},
		{"rotation_policy", false, "keys", []cty.Value{set(text("key-1")), set(cty.UnknownVal(cty.String))}, []cty.Value{cty.SetValEmpty(cty.String), set(text("alias/a")), set(cty.NullVal(cty.String))}, ""},
		{"secret", false, "name", []cty.Value{text("a/b_c+d=e.f@g-h"), text(strings.Repeat("a", 192))}, []cty.Value{text(""), text("a b"), text(strings.Repeat("a", 193))}, "secret name"},
		{"secret", false, "value_base64", []cty.Value{text("YQ=="), text("YQ\n==")}, []cty.Value{text("a"), text("@"), text(strings.Repeat("YWFh", MaxSecretValue/4+1)), text("")}, ""},
		{"secret", false, "extended_config", []cty.Value{text("SecretSubType", "x"), cty.MapVal(map[string]cty.Value{"t": cty.UnknownVal(cty.String)})},
			[]cty.Value{text("CustomData", "{}"), text("", "x"), text("a", strings.Repeat("x", 1024)), cty.MapVal(map[string]cty.Value{"t": cty.NullVal(cty.String)})}, ""},
		{"secret", false, "custom_data", []cty.Value{cty.MapValEmpty(cty.String), text("a", "b")}, []cty.Value{text("a", strings.Repeat("x", 1024)), cty.MapVal(map[string]cty.Value{"t": cty.NullVal(cty.String)})}, "custom_data"},
		{"secret", false, "value", []cty.Value{text("x"), text(strings.Repeat("x", MaxSecretValue))}, []cty.Value{text(""), text(strings.Repeat("x", MaxSecretValue+1))}, "30720"},
		{"secret", false, "recovery_window_days", []cty.Value{cty.NumberIntVal(7), cty.NumberIntVal(30)}, []cty.Value{cty.NumberIntVal(6), cty.NumberIntVal(31), cty.NumberFloatVal(7.5)}, "7 to 30"},
		{"encrypt", true, "key", []cty.Value{text("alias/a"), text("acs:kms:cn-hangzhou:1:key/x")}, []cty.Value{text(""), text("acs:ram::1")}, ""},
		{"encrypt", true, "source", []cty.Value{text("a/b"), text("./a"), text("a/../b"), text("..a")}, []cty.Value{text(""), text("/a"), text("../a"), text("a/../../b"), text(`a\b`), text("C:/x"), text("a/"), text("."), text("a\x00")}, ""},
		{"encrypt", true, "context", []cty.Value{cty.MapValEmpty(cty.String), text("a", "b")}, []cty.Value{text("", "b"), text("a", long), cty.MapVal(map[string]cty.Value{"a": cty.NullVal(cty.String)})}, "ncryption context"},
		{"encrypt", true, "recipients", []cty.Value{list(text(recipient)), list(text("# two\n" + recipient + "\n" + recipient + "\n")), list(cty.UnknownVal(cty.String)), list(repeated(text(recipient), MaxRecipients)...)},
			[]cty.Value{list(text("age1x")), list(text("")), list(text(recipient), text(recipient[:60])), list(text(strings.ToUpper(recipient[:5]) + recipient[5:])), list(cty.NullVal(cty.String)), list(text("a@b"))}, "age public key"},
		{"encrypt", true, "recipients", nil, []cty.Value{list(text(" age-secret-key-1X"))}, "consider the private one leaked"},
		{"encrypt", true, "recipients", nil, []cty.Value{list(repeated(text(recipient), MaxRecipients+1)...)}, "16 recipients"},
		{"encrypt", true, "recipients", []cty.Value{list(text(hybrid))}, []cty.Value{list(text(recipient), cty.UnknownVal(cty.String), text(hybrid))}, "do not mix"},
		{"encrypt", true, "scope", []cty.Value{text("run")}, []cty.Value{text("all")}, "data-key scope"},
		{"encrypt", true, "suite", []cty.Value{text("SM4_GCM")}, []cty.Value{text("AES_128_GCM")}, "suite"},
		{"decrypt", true, "mode", []cty.Value{text("0600"), text("640"), text("0400")}, []cty.Value{text("0644"), text("0601"), text("0200"), text("rw"), text("0888"), text("00600")}, ""},
		{"rewrap", true, "source", []cty.Value{text("a/**/*.enc"), text("[ab]?")}, []cty.Value{text("["), text("../*"), text("")}, ""},
	} {
		check := Lookup(c.kind, c.data).Attribute(c.attr).Check
		for _, v := range c.good {
			if err := check(v); err != nil {
				t.Errorf("%s.%s refuses %#v: %s", c.kind, c.attr, v, err)
			}
		}
		for _, v := range c.bad {
			err := check(v)
			if err == nil {
				t.Errorf("%s.%s takes %.200v", c.kind, c.attr, v.GoString())
			} else if !strings.Contains(err.Error(), c.complaints) || !strings.HasSuffix(err.Error(), ".") && !strings.HasSuffix(err.Error(), ".)") {
				t.Errorf("%s.%s: %q is no full sentence with %q", c.kind, c.attr, err, c.complaints)
			}
		}
	}
}

// A secret value's complaint never quotes it.
func TestASecretValueIsNotQuoted(t *testing.T) {
	err := Lookup("secret", false).Attribute("value").Check(text("hunter2" + strings.Repeat("x", MaxSecretValue)))
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Error(err)
	}
}

func TestMoreThanSeventeenTagsLeaveNoRoomForOurs(t *testing.T) {
	tags := map[string]cty.Value{}
	for _, c := range "abcdefghijklmnopqr" {
		tags[string(c)] = text("x")
	}
	if err := checkTags(cty.MapVal(tags)); err == nil || !strings.Contains(err.Error(), "17") {
		t.Error(err)
	}
	delete(tags, "a")
	if err := checkTags(cty.MapVal(tags)); err != nil {
		t.Error(err)
	}
}

func TestGlobs(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"*.enc", "a.enc", true}, {"*.enc", "d/a.enc", false}, {"**/*.enc", "a.enc", true}, {"**/*.enc", "d/e/a.enc", true},
		{"a/**/b", "a/b", true}, {"a/**/b", "a/x/y/b", true}, {"a/**", "a/x/y", true}, {"a/**", "b/x", false}, {"./a", "a", true},
		{"a/**/b/**/c", "a/1/b/2/3/c", true}, {"a/**/b/**/c", "a/1/2/3/c", false}, {"[ab]?", "bz", true}, {"[", "[", false},
		{strings.Repeat("**/", 30) + "x", strings.Repeat("a/", 60) + "y", false},
	} {
		if got := MatchGlob(c.pattern, c.name); got != c.want {
			t.Errorf("%s on %s: %v", c.pattern, c.name, got)
		}
	}
}

func FuzzMatchGlob(f *testing.F) {
	f.Add("a/**/*.enc", "a/b/c.enc")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if MatchGlob(pattern, name) && !ValidGlob(pattern) {
			t.Error("a wrong pattern matches")
		}
	})
}

func FuzzParseDuration(f *testing.F) {
	f.Add("90d")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseDuration(text)
		if err != nil {
			return
		}
		if again, err := ParseDuration(FormatDuration(d)); err != nil || again != d {
			t.Errorf("%s became %s, and that %s, %v", text, FormatDuration(d), again, err)
		}
	})
}

// recipient is an age public key, and postQuantum makes one of that kind.
const recipient = "age16x9h4f49qtzfqdzfwus6ayyrg63l545cxngdae6q4k4nz4k5a3ds2ajgje"

func postQuantum(t *testing.T) string {
	t.Helper()
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return id.Recipient().String()
}

func repeated(v cty.Value, n int) []cty.Value { return slices.Repeat([]cty.Value{v}, n) }
