package oss

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/crc64"
	"slices"
	"strconv"
	"strings"
	"sync"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/google/uuid"

	"kmsplan.dev/kmsplan/internal/state/remote"
)

// Place is a remote.Place in a bucket.
type Place struct {
	client *sdk.Client
	host   string
	bucket string
	base   string // the first log of the default workspace
	key    string
	limit  int64

	mu   sync.Mutex
	last end // the end that was seen last
}

// end is the end of the log that is current: what a head's revision names.
type end struct {
	log  string
	size int64
	crc  string // of the whole log, as the service has it
	head []byte
}

func (e end) revision() remote.Revision {
	return remote.Revision(e.log + "@" + strconv.FormatInt(e.size, 10))
}

// String implements remote.Place.
func (p *Place) String() string {
	return fmt.Sprintf("oss %s, bucket %s, key %s", p.host, p.bucket, p.key)
}

func (p *Place) object(name string) string { return p.key + ".d/" + name }

func (p *Place) seen() end {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

// remember keeps the end of the newest log. What points away from a log stays, so that nobody goes back.
func (p *Place) remember(e end) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last.log == "" || p.number(e.log) > p.number(p.last.log) || e.log == p.last.log && e.size > p.last.size {
		e.head = slices.Clone(e.head)
		p.last = e
	}
}

// Head implements remote.Place.
func (p *Place) Head(ctx context.Context) ([]byte, remote.Revision, error) {
	seen := p.seen() // before anything is read, so that nothing that is read may be older
	log := cmp.Or(seen.log, p.key)
	for {
		e, k, err := p.readEnd(ctx, log, seen)
		switch {
		case errors.Is(err, remote.ErrNoObject) && seen.log == "" && log == p.key:
			return nil, "", nil
		case errors.Is(err, remote.ErrNoObject):
			return nil, "", p.damaged(log, "it is gone")
		case err != nil:
			return nil, "", err
		}
		if k == headRecord {
			p.remember(e)
			return slices.Clone(e.head), e.revision(), nil
		}
		next := string(e.head)
		if p.number(next) <= p.number(log) {
			return nil, "", p.damaged(log, "it points to no log that follows it")
		}
		log = next
	}
}

// Swap implements remote.Place.
func (p *Place) Swap(ctx context.Context, old remote.Revision, head []byte) (remote.Revision, error) {
	log, at, ok := p.parse(old)
	if !ok {
		return "", fmt.Errorf("%s: %w", p, remote.ErrConflict)
	}
	if at >= p.limit {
		return p.follow(ctx, log, at, head)
	}
	e, err := p.append(ctx, log, at, headRecord, head)
	if err != nil {
		return "", err
	}
	p.remember(e)
	return e.revision(), nil
}

// follow replaces a head by one in a new log: it is there before the old one points to it, and pointing is the commit.
// A new log that lost the race stays: it is small, nothing points to it, and a deletion could only ever hit a wrong one.
func (p *Place) follow(ctx context.Context, log string, at int64, head []byte) (remote.Revision, error) {
	next := fmt.Sprintf("%s%06d-%s", p.object(logName), p.number(log)+1, uuid.NewString())
	e, err := p.append(ctx, next, 0, headRecord, head)
	if err != nil {
		return "", err
	}
	if _, err := p.append(ctx, log, at, pointerRecord, []byte(next)); err != nil {
		return "", err
	}
	p.remember(e)
	return e.revision(), nil
}

// logName begins the names of the logs after the first.
const logName = "log-"

// number is 1 for the first log, more for those that follow, and 0 for what is no log.
func (p *Place) number(log string) int {
	if log == p.key {
		return 1
	}
	text, ok := strings.CutPrefix(log, p.object(logName))
	digits, _, both := strings.Cut(text, "-")
	n, err := strconv.Atoi(digits)
	if !ok || !both || err != nil || n < 2 {
		return 0
	}
	return n
}

func (p *Place) parse(rev remote.Revision) (log string, at int64, ok bool) {
	if rev == "" {
		return p.key, 0, true
	}
	n := strings.LastIndexByte(string(rev), '@')
	if n < 0 {
		return "", 0, false
	}
	log = string(rev[:n])
	at, err := strconv.ParseInt(string(rev[n+1:]), 10, 64)
	return log, at, err == nil && at > 0 && p.number(log) > 0
}

// append adds a record to a log that is exactly at bytes long.
func (p *Place) append(ctx context.Context, log string, at int64, k kind, body []byte) (end, error) {
	record := encodeRecord(log, at, k, body)
	e := end{log: log, size: at + int64(len(record)), head: body}
	r, err := p.client.AppendObject(ctx, &sdk.AppendObjectRequest{
		Bucket: &p.bucket, Key: &log, Position: &at, Body: bytes.NewReader(record), ContentMD5: sum(record), ContentType: sdk.Ptr("application/octet-stream"),
	})
	switch {
	case refusal(err).Code == "PositionNotEqualToLength":
		return end{}, fmt.Errorf("%s: %w", p, remote.ErrConflict)
	case err != nil:
		return end{}, p.failure(ctx, err)
	case r.NextPosition != e.size:
		return end{}, fmt.Errorf("%s: after an append at %d of %d bytes, the next position is said to be %d", p, at, len(record), r.NextPosition)
	}
	e.crc = sdk.ToString(r.HashCRC64)
	return e, nil
}

func sum(data []byte) *string {
	s := md5.Sum(data)
	return sdk.Ptr(base64.StdEncoding.EncodeToString(s[:]))
}

// Put implements remote.Place. Where versions are kept, an object that is stored again becomes a version with the same
// content.
func (p *Place) Put(ctx context.Context, name string, object []byte) error {
	key := p.object(name)
	_, err := p.client.PutObject(ctx, &sdk.PutObjectRequest{
		Bucket: &p.bucket, Key: &key, Body: bytes.NewReader(object), ForbidOverwrite: sdk.Ptr("true"), ContentMD5: sum(object),
		ContentType: sdk.Ptr("application/octet-stream"),
	})
	switch {
	case err == nil:
		return nil
	case refusal(err).Code != "FileAlreadyExists":
		return p.failure(ctx, err)
	}
	there, err := p.client.HeadObject(ctx, &sdk.HeadObjectRequest{Bucket: &p.bucket, Key: &key})
	if err != nil {
		return p.failure(ctx, err)
	}
	if crc := strconv.FormatUint(crc64.Checksum(object, ecma), 10); there.ContentLength != int64(len(object)) || sdk.ToString(there.HashCRC64) != crc {
		return fmt.Errorf("%s: the object %s is there with another content: %w", p, key, remote.ErrRefused)
	}
	return nil
}

var ecma = crc64.MakeTable(crc64.ECMA)

// Get implements remote.Place.
func (p *Place) Get(ctx context.Context, name string) ([]byte, error) {
	return p.read(ctx, p.object(name), nil)
}

// Drop implements remote.Place.
func (p *Place) Drop(ctx context.Context, names ...string) error {
	var all error
	for _, name := range names {
		_, err := p.client.DeleteObject(ctx, &sdk.DeleteObjectRequest{Bucket: &p.bucket, Key: sdk.Ptr(p.object(name))})
		if err != nil && refusal(err).Code != "NoSuchKey" {
			all = errors.Join(all, p.failure(ctx, err))
		}
	}
	return all
}

// Probe implements remote.Prober. In a versioned bucket the probe stays as a deleted object.
func (p *Place) Probe() (remote.Place, func(context.Context) error) {
	probe := &Place{client: p.client, host: p.host, bucket: p.bucket, key: p.key + ".probe-" + uuid.NewString(), limit: p.limit}
	return probe, func(ctx context.Context) error {
		_, err := p.client.DeleteObject(ctx, &sdk.DeleteObjectRequest{Bucket: &p.bucket, Key: &probe.key})
		if err != nil {
			return p.failure(ctx, err)
		}
		return nil
	}
}
