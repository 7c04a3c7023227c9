package stack

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/local"
	"kmsplan.dev/kmsplan/internal/batch/queue/river"
	"kmsplan.dev/kmsplan/internal/batch/queue/shards"
	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/batch/source/files"
	"kmsplan.dev/kmsplan/internal/batch/source/oss"
	"kmsplan.dev/kmsplan/internal/batch/source/postgres"
	"kmsplan.dev/kmsplan/internal/batch/source/s3"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/kms/credential"
)

// batchQueue is where the local queue of a module is, unless it says otherwise.
const batchQueue = ".kmsplan/batches"

// openSource opens the place in a batch's source, by the name of its block and its arguments.
func (s *Stack) openSource(ctx context.Context, place string, args map[string]string) (source.Source, error) {
	switch place {
	case kind.SourceFiles:
		return asSource(files.Open(files.Options{Root: s.absolute(args["path"])}))
	case kind.SourcePostgres:
		return asSource(postgres.Open(ctx, postgres.Options{
			ConnStr: args["conn_str"], Table: args["table"], Column: args["column"], Getenv: s.options.getenv(),
		}))
	case kind.SourceOSS:
		return asSource(oss.Open(oss.Options{
			Bucket: args["bucket"], Prefix: args["prefix"], Region: args["region"], Endpoint: args["endpoint"], CAFile: s.optional(args["ca_file"]),
			PathStyle: args["path_style"] == "true", Credentials: chained(credential.Chain(credential.Config{})),
		}))
	case kind.SourceS3:
		return asSource(s3.Open(s3.Options{
			Bucket: args["bucket"], Prefix: args["prefix"], Region: args["region"], Endpoint: args["endpoint"], CAFile: s.optional(args["ca_file"]),
			PathStyle: args["path_style"] == "true", InstanceRole: args["instance_role"] == "true",
		}))
	}
	return nil, fmt.Errorf("this version of kmsplan cannot open a source of batches in %s", place)
}

// openQueue opens what keeps a batch, likewise.
func (s *Stack) openQueue(ctx context.Context, place string, args map[string]string, shard shards.Shard) (queue.Queue, error) {
	switch place {
	case kind.QueueLocal:
		return asQueue(local.Open(s.absolute(cmp.Or(args["path"], batchQueue)), nil))
	case kind.QueuePostgres:
		return asQueue(river.Open(ctx, river.Options{ConnStr: args["conn_str"], Schema: args["schema_name"], Log: s.options.Logger}, s.options.getenv()))
	case kind.QueueShards:
		return asQueue(shards.Open(s.ledger(args["ledger"]), shard, shards.Options{}))
	}
	return nil, fmt.Errorf("this version of kmsplan cannot open a queue of batches in %s", place)
}

// optional is a path of the block, "" = none.
func (s *Stack) optional(p string) string {
	if p == "" {
		return ""
	}
	return s.absolute(p)
}

// ledger is the address of a ledger: a directory is looked for from the module's.
func (s *Stack) ledger(address string) string {
	if kind.IsStore(address) {
		return address
	}
	return s.absolute(address)
}

// hasPart refuses a part of another number of workers than the block says: the first worker's number is everybody's.
func (b *Batch) hasPart(s shards.Shard) error {
	if b.Queue != kind.QueueShards || b.Shards == 0 || s == (shards.Shard{}) || s.Of == b.Shards {
		return nil
	}
	return hint(fmt.Errorf("the queue has count = %d workers, and this one is -shard %s", b.Shards, s),
		fmt.Sprintf("Give every worker -shard INDEX/%d, or change count in the block.", b.Shards))
}

func plannedFor(place string, spec batch.Spec) error {
	if place == spec.Source {
		return nil
	}
	return hint(fmt.Errorf("%s was planned for %s, and its source is %s here", spec.Address, spec.Source, place),
		"Cancel it and plan it anew, or work where its source is the same.")
}

// asSource and asQueue keep a nil pointer from becoming an interface that is not nil.
func asSource[S source.Source](opened S, err error) (source.Source, error) {
	if err != nil {
		return nil, err
	}
	return opened, nil
}

func asQueue[Q queue.Queue](opened Q, err error) (queue.Queue, error) {
	if err != nil {
		return nil, err
	}
	return opened, nil
}

// none says why a worker has nothing to work on.
func (w *BatchWorker) none() error {
	switch all := w.s.Batches(); {
	case len(all) == 0:
		return hint(errors.New("the module declares no batch"), "docs/language.md shows how one is declared: a batch block with action, key and source.")
	case w.o.Address != (addr.Address{}):
		if _, err := w.s.batchBlock(w.o.Address); err != nil {
			return err
		}
	case w.o.Queue == "":
		return hint(errors.New("every batch of the module has a queue of shards, and this worker has no part of one"), "Say which: -shard 0/10 is the first of ten.")
	}
	return fmt.Errorf("no batch of the module has such a queue, which is %q", w.o.Queue)
}
