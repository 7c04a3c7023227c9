package transfer

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

func TestManifests(t *testing.T) {
	want := []Row{
		{Path: "a.csv", Column: "card", Context: map[string]string{"app": "orders", "env": "prod"}},
		{Path: "b.json", Columns: map[string]string{"tenant": "tenant_id"}, Digest: DigestHex},
	}
	for name, content := range map[string]string{
		"CSV":   "path,column,context,context_columns,digest\na.csv,card,\"app=orders,env=prod\",,\nb.json,,,tenant=tenant_id,hex\n",
		"list":  `[{"path":"a.csv","column":"card","context":{"app":"orders","env":"prod"}},{"path":"b.json","context_columns":{"tenant":"tenant_id"},"digest":"hex"}]`,
		"lines": "{\"path\":\"a.csv\",\"column\":\"card\",\"context\":\"app=orders,env=prod\"}\n{\"path\":\"b.json\",\"context_columns\":\"tenant=tenant_id\",\"digest\":\"hex\"}\n",
	} {
		if got, err := Manifest([]byte(content)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
	for content, say := range map[string]string{
		"":                              "empty",
		"path,columm\na,b\n":            `"columm" is none of`,
		"column\na\n":                   "has no path",
		"path,digest\na,sha\n":          "raw, hex or left out",
		"path,context\na,app\n":         "not NAME=VALUE",
		"path,context_columns\na,app\n": "NAME=COLUMN",
		"path,context,context_columns\na,t=1,t=b\n": "each pair of the context once",
		`[{"path":"a","context":[1]}]`:              "not NAME=VALUE",
		`{"path":"a"} {`:                            "entry 2",
		"path,context\na,\"x=1\nb,\"\"":             "",
	} {
		if got, err := Manifest([]byte(content)); err == nil || !strings.Contains(err.Error(), say) {
			t.Errorf("%q: %+v %v", content, got, err)
		}
	}
}

func TestColumns(t *testing.T) {
	content := []byte("id,card,note\n1,XXX,\"a\nb\"\n2,\"YYY\",ZZZ\n")
	in := &text{content: content}
	for mark, want := range map[string]string{"XXX": "card", "YYY": "card", "ZZZ": "note"} {
		at := bytes.Index(content, []byte(mark))
		for _, column := range []string{"id", "card", "note"} {
			if in.inColumn(at, column) != (column == want) {
				t.Errorf("%s in %s", mark, column)
			}
		}
	}
	doc := []byte(`{"a": {"card" : "XXX"}, "card2": "YYY"}`)
	in = &text{content: doc}
	if !in.inColumn(bytes.Index(doc, []byte("XXX")), "card") || in.inColumn(bytes.Index(doc, []byte("YYY")), "card") {
		t.Error("members of JSON")
	}
}
