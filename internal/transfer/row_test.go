package transfer

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/ops"
)

func TestOtherColumnsOfARow(t *testing.T) {
	for name, c := range map[string]struct {
		content, column, want string // "-" = it has none
	}{
		"CSV":                     {"id,tenant,card\n1,a,-\n2,b,X\n", "tenant", "b"},
		"CSV behind":              {"card,tenant\nX,\"b,\n c\"\n", "tenant", "b,\n c"},
		"a quoted cell":           {"tenant,card\nb,\"X\"\n", "tenant", "b"},
		"semicolons":              {"tenant;card\nb;X\n", "tenant", "b"},
		"tabs":                    {"tenant\tcard\nb\tX\n", "tenant", "b"},
		"a byte order mark":       {"\ufefftenant,card\r\nb,X\r\n", "tenant", "b"},
		"an empty cell":           {"tenant,card\n,X\n", "tenant", ""},
		"a short record":          {"card,tenant\nX\n", "tenant", "-"},
		"no such heading":         {"id,card\n1,X\n", "tenant", "-"},
		"JSON":                    {`[{"tenant":"a","card":"-"},{"card":"X","tenant":"b"}]`, "tenant", "b"},
		"lines of JSON":           {"{\"tenant\":1,\"card\":\"-\"}\n{\"tenant\":20000000000000000001,\"card\":\"X\"}\n", "tenant", "20000000000000000001"},
		"a boolean":               {`{"tenant":true,"card":"X"}`, "tenant", "true"},
		"inside":                  {`{"tenant":"b","cards":[{"tenant":null,"n":{"c":["X"]}}]}`, "tenant", "b"},
		"the nearest":             {`{"tenant":"a","x":{"tenant":"b","c":"X"},"y":{"tenant":"c"}}`, "tenant", "b"},
		"beside and not around":   {`[{"tenant":"a"},{"card":"X"}]`, "tenant", "-"},
		"an object is no value":   {`{"tenant":{"x":"b"},"card":"X"}`, "tenant", "-"},
		"a name that is a value":  {`{"a":"tenant","card":"X"}`, "tenant", "-"},
		"what is neither":         {"tenant: b\ncard: X\n", "tenant", "-"},
		"JSON that is broken off": {`{"tenant":"b","card":"X",`, "tenant", "b"},
	} {
		in := &text{content: []byte(c.content)}
		got, ok := in.beside(bytes.IndexByte(in.content, 'X'), c.column)
		if !ok {
			got = "-"
		}
		if got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// Every row's ciphertext is bound to its own context; the new one to the same.
func TestContextsOfRowsMove(t *testing.T) {
	r := newRig(t)
	bound := func(tenant string) map[string]string { return map[string]string{"app": "orders", "tenant": tenant} }
	seal := func(tenant string) string {
		return base64.StdEncoding.EncodeToString(r.sealed("of "+tenant, bound(tenant)))
	}
	old := "tenant_id,card\na," + seal("a") + "\nb," + seal("b") + "\n"
	path := r.write("f.csv", []byte(old))
	rows := func(j *Job, _ *ops.Options) {
		j.Rows = []Row{{Path: path, Column: "card", Context: map[string]string{"app": "orders"}, Columns: map[string]string{"tenant": "tenant_id"}}}
	}
	j := r.job(rows)
	r.only(j.File(t.Context(), path, Run), StatusMoved, 2)
	r.only(j.File(t.Context(), path, Verify), StatusGood, 2)
	for i, line := range strings.Split(strings.TrimSpace(string(r.read(path))), "\n")[1:] {
		tenant, text, _ := strings.Cut(line, ",")
		raw, err := base64.StdEncoding.DecodeString(text)
		if r.must(err); string(r.opens(raw, bound(tenant))) != "of "+tenant {
			t.Errorf("line %d", i+2)
		}
	}
	// In the other's row it opens nothing; and a row without the column says so, before anything is called for it.
	swapped := strings.Replace(strings.Replace(old, "\na,", "\nx,", 1), "\nb,", "\na,", 1)
	path = r.write("f.csv", []byte(swapped))
	if items := j.File(t.Context(), path, Run); items[0].Status != StatusFailed || string(r.read(path)) != swapped {
		t.Errorf("%+v", items)
	}
	path = r.write("f.csv", []byte(strings.Replace(old, "tenant_id", "tenant", 1)))
	items := j.File(t.Context(), path, Plan)
	r.only(items, StatusFailed, 2)
	if !strings.Contains(items[1].Error, `column "tenant_id", which its row does not have`) || items[1].Line != 3 {
		t.Errorf("%+v", items[1])
	}
}
