package kind

import (
	"net/url"
	"path"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/pattern"
)

func checkSample(text string) error {
	_, _, err := Sample(text)
	return err
}

// checkDirectory wants a directory, inside the module or, absolute, anywhere.
func checkDirectory(p string) error {
	if path.IsAbs(p) && !strings.ContainsAny(p, "\x00\n") {
		return nil
	}
	return checkPath(cty.StringVal(p))
}

func checkAge(text string) error {
	_, err := ParseDuration(text)
	return err
}

// PostgreSQL: an identifier as SQL writes it, in double quotes or without any.
const identifier = `([A-Za-z_][A-Za-z0-9_$]{0,62}|"([^"\x00]|""){1,63}")`

var (
	columnPattern = pattern.New(`^` + identifier + `$`)
	tablePattern  = pattern.New(`^(` + identifier + `\.)?` + identifier + `$`)
	// schemaPattern leaves room for the names that River puts behind the schema's.
	schemaPattern = pattern.New(`^[a-z_][a-z0-9_]{0,45}$`)
)

func checkColumnName(name string) error {
	if !columnPattern.MatchString(name) {
		return sentence("%q is no column as SQL names one. What has capitals, dots or blanks stands in double quotes.", name)
	}
	return nil
}

func checkTableName(name string) error {
	if !tablePattern.MatchString(name) {
		return sentence(`%q names no table. Write its name, or SCHEMA.NAME; what has capitals, dots or blanks stands in double quotes: "app.documents".`, name)
	}
	return nil
}

func checkSchemaName(name string) error {
	if !schemaPattern.MatchString(name) {
		return sentence("%q is no schema of a queue: a to z, 0 to 9 and _, at most 46 characters.", name)
	}
	return nil
}

// passwordWord finds a password among key=value pairs of a connection string.
var passwordWord = pattern.New(`(?i)(^|[\s?&])(password|sslpassword)\s*=`)

// checkConnectionString repeats nothing of the value, which may hold a password.
func checkConnectionString(text string) error {
	u, err := url.Parse(text)
	held := passwordWord.MatchString(text)
	if err == nil && u.User != nil {
		_, set := u.User.Password()
		held = held || set
	}
	if held {
		return sentence("A connection string with a password stands in files and logs. Take the password out and set PGPASSWORD, a passfile, or KMSPLAN_PG_CONN_STR.")
	}
	return nil
}

// IsStore reports whether the address of a ledger names a store of objects, and no directory.
func IsStore(address string) bool { return strings.Contains(address, "://") }

func checkLedger(text string) error {
	if !IsStore(text) {
		return checkDirectory(text)
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "s3" && u.Scheme != "oss" || u.Host == "" || u.User != nil:
		return sentence("A ledger is a directory, s3://BUCKET/PREFIX or oss://BUCKET/PREFIX, without credentials.")
	}
	return nil
}

// inventoryIn wants an inventory in the store that the source is in, whose credentials read it, or a file of the module.
func inventoryIn(store string) func(string) error {
	return func(text string) error {
		if !IsStore(text) {
			return checkFile(cty.StringVal(text))
		}
		u, err := url.Parse(text)
		if err != nil || u.Scheme != store || u.Host == "" || u.User != nil || u.RawQuery != "" || strings.Trim(u.Path, "/") == "" {
			return sentence("The inventory of a bucket is named by its manifest, %s://BUCKET/…/manifest.json, or by a file inside the module.", store)
		}
		return nil
	}
}

// checkPatterns wants patterns that can match the name of an object.
func checkPatterns(v cty.Value) error {
	for _, e := range v.AsValueSlice() {
		switch {
		case e.IsNull():
			return sentence("A pattern is null. Leave it out.")
		case e.IsKnown() && !ValidGlob(e.AsString()):
			return sentence("%q is no pattern. Use * and ? inside a name, [abc] for classes, and ** for any directories.", e.AsString())
		}
	}
	return nil
}

func checkIDs(v cty.Value) error {
	for _, e := range v.AsValueSlice() {
		if e.IsNull() || e.IsKnown() && e.AsString() == "" {
			return sentence("An id is null or empty. Name key versions or keys by their ids.")
		}
	}
	return nil
}

func checkObjectTags(v cty.Value) error {
	for it := v.ElementIterator(); it.Next(); {
		if name, value := it.Element(); name.AsString() == "" || value.IsNull() {
			return sentence("A tag's name is empty, or its value is null. Write the value that objects have.")
		}
	}
	return nil
}

// checkCallsPerSecond: the largest instance does 4,000 symmetric calls a second (KMS: instance types); no quota is above.
func checkCallsPerSecond(v cty.Value) error {
	if n, _ := v.AsBigFloat().Float64(); n < 0.1 || n > 100_000 {
		return sentence("calls_per_second is from 0.1 to 100,000.")
	}
	return nil
}

func batchHasKey(b Values) (string, error) {
	if action, known := b.String("action"); known && action != BatchVerify && !b.Set("key") {
		return "action", sentence("The action %q brings objects under a key, and none is named. Write key = key.NAME.id.", action)
	}
	return "", nil
}

func batchActionFits(b Values) (string, error) {
	action, known := b.String("action")
	if !known {
		return "", nil
	}
	for _, arg := range []struct {
		name, why string
		of        []string
	}{
		{"context", "The objects have a context already, and it stays", []string{BatchEncrypt}},
		{"scope", "It makes no data keys", []string{BatchEncrypt, BatchReencrypt}},
		{"recipients", "The recipients of an object stay as they are", []string{BatchEncrypt, BatchReencrypt}},
	} {
		fits := false
		for _, a := range arg.of {
			fits = fits || a == action
		}
		if b.Set(arg.name) && !fits {
			return arg.name, sentence("%s of the action %q says nothing. %s. Take it out.", arg.name, action, arg.why)
		}
	}
	return "", nil
}

// chosen are the blocks of that prefix that are written: files of source.files.
func (v Values) chosen(outer *Block) (names []string) {
	for i := range outer.Blocks {
		if v.Blocks[outer.Name+"."+outer.Blocks[i].Name] != nil {
			names = append(names, outer.Blocks[i].Name)
		}
	}
	return names
}

// BatchSource is the place in the source of a batch: files, s3, oss or postgres; "" where there is none.
func (v Values) BatchSource() string { return only(v.chosen(&batchSource)) }

// BatchQueue is the place in the queue of a batch.
func (v Values) BatchQueue() string {
	if v.Blocks["queue"] == nil {
		return QueueLocal
	}
	return only(v.chosen(&batchQueue))
}

func only(names []string) string {
	if len(names) != 1 {
		return ""
	}
	return names[0]
}

func batchHasSource(b Values) (string, error) {
	switch found := b.chosen(&batchSource); {
	case b.Blocks["source"] == nil:
		return "action", sentence(`No source says where the objects are. Write source { files { path = "archive" } }, or s3, oss or postgres in the place of files.`)
	case len(found) == 0:
		return "source", sentence("The source is empty. Write files, s3, oss or postgres into it.")
	case len(found) > 1:
		return "source." + found[1], sentence("A source is one place, and this one has %s. Write a batch for each.", strings.Join(found, " and "))
	}
	return "", nil
}

func batchListsOnce(b Values) (string, error) {
	_, list := b.Blocks["source"]["list"]
	if _, inventory := b.Blocks["source."+b.BatchSource()]["inventory"]; list && inventory {
		return "source.list", sentence("The objects are named by a list and by an inventory. Take one of the two out.")
	}
	return "", nil
}

func batchHasQueue(b Values) (string, error) {
	switch found := b.chosen(&batchQueue); {
	case b.Blocks["queue"] == nil:
	case len(found) == 0:
		return "queue", sentence("The queue is empty. Write local {}, postgres {} or shards into it, or leave it out for local {}.")
	case len(found) > 1:
		return "queue." + found[1], sentence("A queue is one place, and this one has %s. Take one out.", strings.Join(found, " and "))
	}
	return "", nil
}

func batchFilterFits(b Values) (string, error) {
	filter := b.Blocks["filter"]
	if _, tags := filter["tags"]; tags && (b.BatchSource() == SourceFiles || b.BatchSource() == SourcePostgres) {
		return "filter.tags", sentence("Objects in %s have no tags. Take tags out of the filter.", b.BatchSource())
	}
	inner := Values{Attrs: filter}
	least, okL := inner.String("min_size")
	most, okM := inner.String("max_size")
	from, errL := ParseSize(least)
	to, errM := ParseSize(most)
	if okL && okM && errL == nil && errM == nil && from > to {
		return "filter.min_size", sentence("min_size %s is above max_size %s, so that no object is taken.", least, most)
	}
	return "", nil
}
