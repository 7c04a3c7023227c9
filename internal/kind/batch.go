package kind

import (
	"math"
	"strconv"
	"strings"
	"sync"

	"github.com/zclconf/go-cty/cty"
)

// BatchKind is the name of the kind of batches, and the first word of their addresses.
const BatchKind = "batch"

// What a batch does to each object.
const (
	BatchRewrap    = "rewrap"
	BatchReencrypt = "reencrypt"
	BatchEncrypt   = "encrypt"
	BatchVerify    = "verify"
)

// What starts a batch.
const (
	StartCommand = "command"
	StartApply   = "apply"
)

// What a batch does where its block says nothing.
const (
	DefaultChunkObjects = 1000
	MostChunkObjects    = 10_000
	DefaultChunkBytes   = 256 << 20
	DefaultMaxFailures  = 100
	MostShards          = 10_000 // each of them has a ledger of its own, and a look at a batch reads all
)

// Where the objects of a batch are, and what hands out its chunks: the blocks in source and in queue.
const (
	SourceFiles    = "files"
	SourceS3       = "s3"
	SourceOSS      = "oss"
	SourcePostgres = "postgres"

	QueueLocal    = "local"
	QueuePostgres = "postgres"
	QueueShards   = "shards"
)

// Batch returns the kind of batches, which is in no list of kinds: a batch is no object of the service and no file of the
// stack, and no plan changes one. Read only.
func Batch() *Kind { return batchKind() }

var batchKind = sync.OnceValue(func() *Kind { return finish(batchTable()) })

func batchTable() *Kind {
	return &Kind{
		Name: BatchKind, Class: BatchClass,
		Doc: "A job over many objects, such as a rewrap of a bucket after a rotation. `plan` and `apply` name it and read nothing of it; `kmsplan batch` plans, starts and watches it.",
		Attributes: []Attribute{
			{Name: "action", Type: cty.String, Mode: Required, Doc: "What is done to each object: `rewrap` brings its data key under the key's primary version and leaves the body, `reencrypt` gives it a fresh data key, `encrypt` makes envelopes of objects that are none, `verify` opens and writes nothing.", Check: oneOf("batch action", BatchRewrap, BatchReencrypt, BatchEncrypt, BatchVerify)},
			{Name: "key", Type: cty.String, Doc: "The key that objects come under: an id, an alias name or an ARN. Needed, but for `verify`, which opens objects under whatever key they are. Its primary version is pinned when the batch is planned.", Refers: keyNames, Check: checkKeyReference},
			{Name: "context", Type: cty.Map(cty.String), Doc: "The encryption context, of `encrypt`; up to 8,192 characters as JSON.", Check: checkContext},
			{Name: "scope", Type: cty.String, Doc: "How many objects share a data key, of `encrypt` and `reencrypt`: `file` (default), `directory` or `run`. A data key for a thousand objects makes a thousandth of the calls.", Check: oneOf("data-key scope", ScopeFile, ScopeDirectory, ScopeRun)},
			{Name: "recipients", Type: cty.List(cty.String), Doc: "age recipients (`age1…`) that can open what `encrypt` and `reencrypt` write without KMS, for break-glass.", Check: checkRecipients},
			{Name: "verify", Type: cty.String, Doc: "What is opened once more when the work is done: `all`, which proves that nothing is left under an older key or version, or a share of the objects, `sample:1%`, which is quick and proves nothing of the others. Left out: nothing is.", Check: checkText(checkSample)},
			{Name: "start", Type: cty.String, Doc: "What starts it: `command` (default), which is `kmsplan batch start`; or `apply`, an apply that finds that it was never run, or that its key or the key's version is another since. The plan says so, and to approve it approves the batch. One that was paused, cancelled or has failures is for people.", Check: oneOf("way to start a batch", StartCommand, StartApply)},
		},
		Removals: []Removal{{Action: "forget", Doc: "kmsplan forgets what the batch left in the state; keys are no longer kept for its objects, which stay as they are."}},
		Blocks:   []Block{batchSource, batchFilter, batchChunk, batchRate, batchLimits, batchQueue},
		Rules: []Rule{
			{ID: "batch-key", Summary: invalid, Doc: "`key` is named, but for `verify`.", Check: batchHasKey},
			{ID: "batch-action-fits", Summary: invalid, Doc: "`context` goes with `encrypt`; `scope` and `recipients` with `encrypt` and `reencrypt`.", Check: batchActionFits},
			{ID: "batch-source", Summary: invalid, Doc: "A batch has one `source`, with one place in it.", Check: batchHasSource},
			{ID: "batch-list", Summary: invalid, Doc: "The names of a batch's objects come from a listing, an `inventory` or a `list`.", Check: batchListsOnce},
			{ID: "batch-queue", Summary: invalid, Doc: "A `queue` has one place in it.", Check: batchHasQueue},
			{ID: "batch-filter", Summary: invalid, Doc: "`filter` names what the source can tell: tags in S3 and OSS; and `min_size` is not above `max_size`.", Check: batchFilterFits},
		},
	}
}

var batchSource = Block{
	Name: "source", Doc: "Where the objects are and are written back. One of `files`, `s3`, `oss` and `postgres` stands in it. Needed.",
	Attributes: []Attribute{
		{Name: "list", Type: cty.String, Doc: "A file with the names of the objects, one a line in any order, instead of a listing of all; inside the module. A verified list proves nothing of the objects that it does not name.", Check: checkFile},
	},
	Blocks: []Block{
		{Name: SourceFiles, Doc: "Files below a directory.", Attributes: []Attribute{
			{Name: "path", Type: cty.String, Mode: Required, Doc: "The directory, relative to the root module's or absolute.", Check: checkText(checkDirectory)},
		}},
		bucketOf(SourceS3, "A bucket of S3, or of a store that honours its conditional writes: an object is written only where it is still what was read."),
		bucketOf(SourceOSS, "A bucket of OSS with versioning: OSS has no conditional write, so that a version which another wrote in between is kept and reported."),
		{Name: SourcePostgres, Doc: "A column of a table in PostgreSQL, bytea or text: a row is written only where it is still what was read.", Attributes: []Attribute{
			connectionString,
			{Name: "table", Type: cty.String, Mode: Required, Doc: "The table, with its schema unless that is `public`: `app.documents`. What has capitals or blanks stands in double quotes. It has a primary key.", Check: checkText(checkTableName)},
			{Name: "column", Type: cty.String, Mode: Required, Doc: "The column that holds the envelopes, bytea or text.", Check: checkText(checkColumnName)},
		}},
	},
}

var batchFilter = Block{Name: "filter", Doc: "Which of the objects: all of these hold for those that are taken. It is applied once, when the batch is planned.", Attributes: []Attribute{
	{Name: "path", Type: cty.List(cty.String), Doc: "Patterns, of which one matches the object's name: `2024/**/*.enc`.", Check: checkPatterns},
	{Name: "older_than", Type: cty.String, Doc: "How long ago the object changed last, at least: `90d`.", Check: checkText(checkAge)},
	{Name: "min_size", Type: cty.String, Doc: "The least size, in bytes or with a unit: `1`, `64KiB`.", Check: sizeWithin("A size", 0, math.MaxInt64, "a number of bytes")},
	{Name: "max_size", Type: cty.String, Doc: "The largest size: `5GiB`.", Check: sizeWithin("A size", 0, math.MaxInt64, "a number of bytes")},
	{Name: "tags", Type: cty.Map(cty.String), Doc: "Tags of the object in the store, all of them; of S3 and OSS. It costs a request an object.", Check: checkObjectTags},
	{Name: "key_version", Type: cty.List(cty.String), Doc: "Ids of key versions, or of keys: of those that the object's header names, one. It costs the reading of each header.", Check: checkIDs},
}}

var batchChunk = Block{Name: "chunk", Doc: "How much of the work is handed to a worker at once.", Attributes: []Attribute{
	{Name: "objects", Type: cty.Number, Doc: "Objects, 1 to 10,000. Default 1,000.", Check: wholeNumber("chunk.objects", "", 1, MostChunkObjects)},
	{Name: "bytes", Type: cty.String, Doc: "Bytes, in all; an object that is larger has a chunk to itself. `1MiB` to `1TiB`, default `256MiB`.", Check: sizeWithin("chunk.bytes", 1<<20, 1<<40, "1MiB to 1TiB")},
}}

var batchRate = Block{Name: "rate", Doc: "How much of the gateway's quota of calls all workers take together. It can be changed while the batch runs, by `kmsplan batch rate`.", Attributes: []Attribute{
	{Name: "share", Type: cty.Number, Doc: "The part of the quota: above 0, up to 1. Default 0.6, which leaves the rest to production.", Check: checkShare},
	{Name: "calls_per_second", Type: cty.Number, Doc: "A ceiling in calls a second, beside the share: 0.1 to 100,000.", Check: checkCallsPerSecond},
}}

var batchLimits = Block{Name: "limits", Doc: "When the batch pauses itself.", Attributes: []Attribute{
	{Name: "max_failures", Type: cty.Number, Doc: "How many objects may fail, 0 or more. Default 100.", Check: wholeNumber("max_failures", "", 0, 1<<40)},
}}

var batchQueue = Block{
	Name: "queue", Doc: "What keeps the batch and hands its chunks to workers. One of `local`, `postgres` and `shards` stands in it. Left out: `local {}`.",
	Blocks: []Block{
		{Name: QueueLocal, Doc: "A directory on this machine, for workers of this machine.", Attributes: []Attribute{
			{Name: "path", Type: cty.String, Doc: "The directory. Default `.kmsplan/batches`.", Check: checkText(checkDirectory)},
		}},
		{Name: QueuePostgres, Doc: "River over PostgreSQL, for workers of many machines. It asks for work and never listens, so that a pooler of transactions may stand in between.", Attributes: []Attribute{
			connectionString,
			{Name: "schema_name", Type: cty.String, Doc: "The schema of its tables. Default `kmsplan`.", Check: checkText(checkSchemaName)},
		}},
		{Name: QueueShards, Doc: "Shares that are settled beforehand, without a database: worker N of M works on every M-th chunk, and keeps its own ledger.", Attributes: []Attribute{
			{Name: "ledger", Type: cty.String, Mode: Required, Private: true, Doc: "Where the ledgers are: a directory, `s3://BUCKET/PREFIX` or `oss://BUCKET/PREFIX`, which all workers reach. `?region=…&endpoint=https://…&path_style=true` say where a store is; credentials are none of it.", Check: checkText(checkLedger)},
			{Name: "count", Type: cty.Number, Doc: "How many workers there are, 1 to 10,000: a worker with another number in its `-shard` is refused. Left out: as many as the first of them says.", Check: wholeNumber("shards.count", "", 1, MostShards)},
		}},
	},
}

// connectionString is how PostgreSQL is reached, as the backend pg has it.
var connectionString = Attribute{Name: "conn_str", Type: cty.String, Private: true, Doc: "Where the database is, without a password. Default: `KMSPLAN_PG_CONN_STR`, else the `PG…` variables.", Check: checkText(checkConnectionString)}

// bucketOf is a bucket as the source of a batch: the arguments of the backend of that name, a prefix in the place of the
// key of a state.
func bucketOf(name, doc string) Block {
	b := Block{Name: name, Doc: doc}
	for _, a := range Backend(name).Attributes {
		a.Static = false
		switch a.Name {
		case "key":
			a.Name, a.Doc = "prefix", "What the names of the objects begin with. Default: nothing, all of the bucket."
		case "bucket":
			a.Mode, a.Doc = Required, "The bucket."
		}
		b.Attributes = append(b.Attributes, a)
	}
	b.Attributes = append(b.Attributes, Attribute{
		Name: "inventory", Type: cty.String, Private: true, Check: checkText(inventoryIn(name)),
		Doc: "An inventory that the store made (its files in CSV), instead of a listing: the address of its manifest, `" + name + "://BUCKET/…/manifest.json`, which is read with the source's endpoint and credentials, or a copy inside the module, with the files of `data` beside it. A file `….csv` has lines `BUCKET,KEY`, as S3 Batch Operations takes them. Objects that came since the inventory was made are not looked at.",
	})
	return b
}

// Sample reads the verify argument: all objects, or a share of them, above 0 and below 1.
func Sample(text string) (all bool, share float64, err error) {
	if text == "all" {
		return true, 0, nil
	}
	percent, ok := strings.CutSuffix(strings.TrimPrefix(text, "sample:"), "%")
	share, err = strconv.ParseFloat(percent, 64)
	if !ok || !strings.HasPrefix(text, "sample:") || err != nil || !(share > 0 && share < 100) {
		return false, 0, sentence(`%q does not say what is verified. Write "all", or a share above 0 %% and below 100 %%: "sample:1%%".`, text)
	}
	return false, share / 100, nil
}
