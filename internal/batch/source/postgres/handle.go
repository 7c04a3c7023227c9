package postgres

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/state/pg/connect"
)

// envelopeStart begins every envelope (docs/envelope-format.md), and envelopeText is its base64, which needs no padding.
const envelopeStart = "kmsplan.dev/envelope/"

var envelopeText = base64.StdEncoding.EncodeToString([]byte(envelopeStart))

// handle is one value, in memory.
type handle struct {
	of      *Source
	table   *table
	key     []any
	object  source.Object
	content []byte            // as an object
	digest  [sha256.Size]byte // of the column
}

// Open implements source.Source. In a context with a transaction of the same database it reads in that one.
func (s *Source) Open(ctx context.Context, name string) (source.Handle, error) {
	t, err := s.table(ctx)
	if err != nil {
		return nil, err
	}
	key, err := t.keyOf(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", s.place, source.ErrGone, err)
	}
	statement := fmt.Sprintf("SELECT octet_length(%[1]s), CASE WHEN octet_length(%[1]s) <= %[2]d THEN %[1]s END FROM %[3]s WHERE %[4]s AND %[1]s IS NOT NULL",
		t.col, s.largest, t.from, t.compare("=", 1))
	var size int64
	var stored []byte
	err = s.do(ctx, func(ctx context.Context, q connect.Querier) error {
		return q.QueryRow(ctx, statement, append(asBytes, key...)...).Scan(&size, &stored)
	})
	switch {
	case errors.Is(err, pgx.ErrNoRows) || noKey(err):
		return nil, s.failure(name, source.ErrGone)
	case err != nil:
		return nil, s.failure(name, err)
	case size > s.largest:
		return nil, s.failure(name, fmt.Errorf("%w: its value has %d bytes, and %d is the most that a column's value may have here", source.ErrRefused, size, s.largest))
	}
	h := &handle{of: s, table: t, key: key, digest: sha256.Sum256(stored), content: stored}
	if t.text && strings.HasPrefix(string(stored[:min(len(stored), len(envelopeText))]), envelopeText) {
		if h.content, err = base64.StdEncoding.DecodeString(string(stored)); err != nil {
			return nil, s.failure(name, fmt.Errorf("%w: it begins as an envelope in base64 and is no base64", source.ErrRefused))
		}
	}
	h.object = source.Object{Name: name, Size: int64(len(h.content)), Revision: hex.EncodeToString(h.digest[:])}
	return h, nil
}

// asBytes asks for results as the server has them: text would double a bytea.
var asBytes = []any{pgx.QueryResultFormats{pgx.BinaryFormatCode}}

// stores is a content as the column holds it.
func (t *table) stores(content []byte) ([]byte, error) {
	switch {
	case !t.text:
		return content, nil
	case bytes.HasPrefix(content, []byte(envelopeStart)):
		return base64.StdEncoding.AppendEncode(nil, content), nil
	case !utf8.Valid(content) || bytes.IndexByte(content, 0) >= 0:
		return nil, fmt.Errorf("%w: the content is no text, and the column is", source.ErrRefused)
	}
	return content, nil
}

func (h *handle) Object() source.Object { return h.object }

func (h *handle) Close() error {
	h.content = nil
	return nil
}

func (h *handle) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(h.content).ReadAt(p, off)
}

// Holds implements source.Holder: a value is in memory whole.
func (s *Source) Holds(size int64) int64 { return min(size, s.largest) }

var _ source.Holder = (*Source)(nil)
