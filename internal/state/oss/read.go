package oss

import (
	"context"
	"fmt"
	"io"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/remote"
)

// window is how much of a log's end is read at once, in bytes: most heads are smaller.
const window = 128 << 10

// mostRead bounds what is read of an object, in bytes.
const mostRead = 1 << 30

// readEnd reads the last record of a log. A log without a record is none. Seen is an end that there was before the call.
func (p *Place) readEnd(ctx context.Context, log string, seen end) (end, kind, error) {
	h, err := p.client.HeadObject(ctx, &sdk.HeadObjectRequest{Bucket: &p.bucket, Key: &log})
	if err != nil && refusal(err).Headers.Get("x-oss-delete-marker") == "true" {
		return end{}, 0, p.damaged(log, "it was deleted; the bucket keeps its former version")
	}
	if err != nil {
		return end{}, 0, p.failure(ctx, err)
	}
	e := end{log: log, size: h.ContentLength, crc: sdk.ToString(h.HashCRC64)}
	switch {
	case sdk.ToString(h.ObjectType) != "Appendable":
		return end{}, 0, p.damaged(log, "it is no append object: somebody stored another object in its place")
	case e.size == 0:
		return end{}, 0, fmt.Errorf("%s: %w", p, remote.ErrNoObject)
	case seen.log == log && e.size < seen.size:
		return end{}, 0, p.damaged(log, "it is shorter than it was: somebody stored another in its place")
	case seen.log == log && seen.size == e.size && seen.crc == e.crc && e.crc != "":
		return seen, headRecord, nil
	}
	return p.readRecord(ctx, e)
}

func (p *Place) readRecord(ctx context.Context, e end) (end, kind, error) {
	from := max(0, e.size-window)
	last, err := p.read(ctx, e.log, &span{from, e.size})
	if err != nil {
		return end{}, 0, err
	}
	start, err := recordStart(e.size, last)
	if err != nil {
		return end{}, 0, p.damaged(e.log, err.Error())
	}
	if start >= from {
		last = last[start-from:]
	} else if last, err = p.read(ctx, e.log, &span{start, e.size}); err != nil {
		return end{}, 0, err
	}
	k, body, err := decodeRecord(e.log, last)
	if err != nil {
		return end{}, 0, p.damaged(e.log, err.Error())
	}
	e.head = body
	return e, k, nil
}

// span is a part of an object, the byte at to left out.
type span struct{ from, to int64 }

// read reads an object, or a part of it.
func (p *Place) read(ctx context.Context, key string, part *span) ([]byte, error) {
	q := &sdk.GetObjectRequest{Bucket: &p.bucket, Key: &key}
	if part != nil {
		q.Range, q.RangeBehavior = sdk.Ptr(fmt.Sprintf("bytes=%d-%d", part.from, part.to-1)), sdk.Ptr("standard")
	}
	r, err := p.client.GetObject(ctx, q)
	if err != nil {
		return nil, p.failure(ctx, err)
	}
	defer r.Body.Close()
	data, err := io.ReadAll(io.LimitReader(r.Body, mostRead+1))
	switch {
	case err != nil:
		return nil, p.failure(ctx, err)
	case len(data) > mostRead:
		return nil, fmt.Errorf("%s: the object %s is larger than %d bytes", p, key, mostRead)
	case part != nil && int64(len(data)) != part.to-part.from:
		return nil, fmt.Errorf("%s: asked for %d bytes of %s, the store gave %d", p, part.to-part.from, key, len(data))
	}
	return data, nil
}

func (p *Place) damaged(log, reason string) error {
	return &state.CorruptError{Path: fmt.Sprintf("%s, log %s", p, log), Reason: reason}
}
