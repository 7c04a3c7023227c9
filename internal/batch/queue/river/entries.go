package river

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
)

// mostEntries bounds what a chunk's entries may unpack to, bytes: a thousand names of a kilobyte are one megabyte.
const mostEntries = 256 << 20

// packer makes values of chunks' entries, one after another: a compressor's tables are larger than what it makes.
type packer struct {
	z *gzip.Writer
}

func newPacker() *packer {
	z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // refuses other levels only
	return &packer{z: z}
}

func (p *packer) pack(entries []batch.Entry) ([]byte, error) {
	var b bytes.Buffer
	p.z.Reset(&b)
	e := json.NewEncoder(p.z)
	for i := range entries {
		if err := e.Encode(&entries[i]); err != nil {
			return nil, err
		}
	}
	if err := p.z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func unpack(packed []byte) (entries []batch.Entry, err error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	for d := json.NewDecoder(io.LimitReader(z, mostEntries)); ; {
		var e batch.Entry
		switch err := d.Decode(&e); {
		case errors.Is(err, io.EOF):
			return entries, nil
		case err != nil:
			return nil, err
		}
		entries = append(entries, e)
	}
}

// Entries implements queue.Queue.
func (q *Queue) Entries(ctx context.Context, address string, chunk int) ([]batch.Entry, error) {
	if err := q.ready(ctx); err != nil {
		return nil, err
	}
	return q.entries(ctx, fmt.Sprintf("read chunk %d of %s", chunk, address),
		"SELECT entries FROM @.chunks JOIN @.batches ON id = batch WHERE address = $1 AND last AND chunk = $2", address, chunk)
}

func (q *Queue) entries(ctx context.Context, doing, statement string, args ...any) ([]batch.Entry, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	var packed []byte
	err := q.pool.QueryRow(ctx, q.sql(statement), args...).Scan(&packed)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("%s: %s: %w", q.place, doing, queue.ErrNone)
	}
	if err != nil {
		return nil, q.failure(doing, err)
	}
	entries, err := unpack(packed)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: its entries do not unpack: %w", q.place, doing, err)
	}
	return entries, nil
}
