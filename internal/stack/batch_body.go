package stack

import (
	"errors"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
)

// written is what a batch block says, with the defaults of what it leaves out.
type written struct {
	spec   batch.Spec
	key    string // "" = none, of verify
	chunk  ChunkSize
	list   string
	from   string            // the block in source: files, s3 …
	source map[string]string // its arguments, as text
	queue  string            // the block in queue
	keeper map[string]string // its arguments
	shards int               // of a queue of shards; 0 = it does not say, or another queue
}

// errNotKnown says that a batch cannot be planned yet.
var errNotKnown = errors.New("it needs what is not known yet. Run kmsplan apply first: it makes the keys and aliases that the block refers to")

// readBatch reads an evaluated block, which its kind has checked.
func readBatch(body hcl.Body) (w written, err error) {
	v := kind.Values{Attrs: body.Attrs, Blocks: body.Blocks}
	for _, values := range append([]map[string]cty.Value{body.Attrs}, allOf(body.Blocks)...) {
		for _, value := range values {
			if !value.IsWhollyKnown() {
				return w, errNotKnown
			}
		}
	}
	w.spec = batch.Spec{
		Action: batch.Action(text(body.Attrs["action"])), Scope: text(body.Attrs["scope"]),
		Context: textMap(body.Attrs["context"]), Recipients: texts(body.Attrs["recipients"]),
		Filter: filterOf(body.Blocks["filter"]), MaxFailures: kind.DefaultMaxFailures,
	}
	w.key, w.list = text(body.Attrs["key"]), text(body.Blocks["source"]["list"])
	if sample := text(body.Attrs["verify"]); sample != "" {
		if w.spec.Sample.All, w.spec.Sample.Share, err = kind.Sample(sample); err != nil {
			return w, err
		}
	}
	if n, ok := number(body.Blocks["limits"]["max_failures"]); ok {
		w.spec.MaxFailures = int(n)
	}
	w.spec.Rate.Share, _ = number(body.Blocks["rate"]["share"])
	w.spec.Rate.CallsPerSecond, _ = number(body.Blocks["rate"]["calls_per_second"])
	w.chunk = chunkOf(body.Blocks["chunk"])
	w.from, w.queue = v.BatchSource(), v.BatchQueue()
	if w.queue == kind.QueueShards {
		n, _ := number(body.Blocks["queue."+w.queue]["count"])
		w.shards = int(n)
	}
	w.source, w.keeper = arguments(body.Blocks["source."+w.from]), arguments(body.Blocks["queue."+w.queue])
	return w, nil
}

func chunkOf(values map[string]cty.Value) ChunkSize {
	c := ChunkSize{Objects: kind.DefaultChunkObjects, Bytes: kind.DefaultChunkBytes}
	if n, ok := number(values["objects"]); ok {
		c.Objects = int(n)
	}
	if n, err := kind.ParseSize(text(values["bytes"])); err == nil {
		c.Bytes = n
	}
	return c
}

func filterOf(values map[string]cty.Value) batch.Filter {
	f := batch.Filter{Paths: texts(values["path"]), Tags: textMap(values["tags"]), KeyVersion: texts(values["key_version"])}
	f.OlderThan, _ = kind.ParseDuration(text(values["older_than"])) // 0 where it is left out: its kind has checked it
	f.Smallest, _ = kind.ParseSize(text(values["min_size"]))
	f.Largest, _ = kind.ParseSize(text(values["max_size"]))
	return f
}

func allOf(blocks map[string]map[string]cty.Value) (out []map[string]cty.Value) {
	for _, values := range blocks {
		out = append(out, values)
	}
	return out
}

// arguments are those of a nested block as text, as backends have theirs.
func arguments(values map[string]cty.Value) map[string]string {
	out := map[string]string{}
	for name, v := range values {
		if t, err := convert.Convert(v, cty.String); err == nil && !t.IsNull() {
			out[name] = t.AsString()
		}
	}
	return out
}

func number(v cty.Value) (float64, bool) {
	if v == cty.NilVal || v.IsNull() || v.Type() != cty.Number {
		return 0, false
	}
	n, _ := v.AsBigFloat().Float64()
	return n, true
}

func texts(v cty.Value) (out []string) {
	if v == cty.NilVal || v.IsNull() {
		return nil
	}
	for _, e := range v.AsValueSlice() {
		out = append(out, text(e))
	}
	return out
}

func textMap(v cty.Value) map[string]string {
	if v == cty.NilVal || v.IsNull() {
		return nil
	}
	out := map[string]string{}
	for name, e := range v.AsValueMap() {
		out[name] = text(e)
	}
	return out
}
