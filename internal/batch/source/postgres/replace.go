package postgres

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"

	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state/pg/connect"
)

// next is what a value becomes.
type next struct {
	value  any    // the statement's first argument
	sql    string // of the new value
	digest [sha256.Size]byte
	stored int64
	sent   int64
	copied int64
}

// Replace implements source.Handle: the write takes effect where the value still is the one that was opened, and where the
// table then holds what was written. In a context with a transaction of the same database it is part of that one, which
// goes on whatever becomes of the write.
func (h *handle) Replace(ctx context.Context, c source.Content) (source.Written, error) {
	n, err := h.next(c)
	if err != nil {
		return source.Written{}, h.failure(err)
	}
	joins, err := h.of.Joins(ctx)
	if err != nil {
		return source.Written{}, err
	}
	if joins {
		err = h.within(ctx, n)
	} else {
		err = h.alone(ctx, n)
	}
	if err != nil {
		return source.Written{}, h.failure(err)
	}
	return source.Written{Revision: hex.EncodeToString(n.digest[:]), Sent: n.sent, Copied: n.copied}, nil
}

func (h *handle) failure(err error) error { return h.of.failure(h.object.Name, err) }

// next reads the new content whole. The server keeps the rest of a bytea by itself.
func (h *handle) next(c source.Content) (next, error) {
	most := h.of.largest
	head, err := io.ReadAll(io.LimitReader(c.Head, most+1))
	switch {
	case err != nil:
		return next{}, fmt.Errorf("read the new content: %w", err)
	case c.Size >= 0 && int64(len(head)) != c.Size && int64(len(head)) <= most:
		return next{}, fmt.Errorf("the new content has %d bytes, not %d as was said", len(head), c.Size)
	case c.Keep > h.object.Size:
		return next{}, fmt.Errorf("the bytes from %d on are to be kept of %d", c.Keep, h.object.Size)
	}
	content := head
	if c.Keep >= 0 {
		content = append(head[:len(head):len(head)], h.content[c.Keep:]...)
	}
	value, err := h.table.stores(content)
	if err != nil {
		return next{}, err
	}
	n := next{value: value, sql: "$1::bytea", digest: sha256.Sum256(value), stored: int64(len(value)), sent: int64(len(value))}
	if n.stored > most {
		return next{}, fmt.Errorf("%w: the new value has more than %d bytes, the most that a column's value may have here", source.ErrRefused, most)
	}
	switch {
	case h.table.text:
		n.value, n.sql = string(value), "$1::text"
	case c.Keep >= 0:
		n.value, n.sql = head, fmt.Sprintf("$1::bytea || substr(%s, %d)", h.table.col, c.Keep+1)
		n.sent, n.copied = int64(len(head)), h.object.Size-c.Keep
	}
	return n, nil
}

// swap is the write. What it divides by is 0 where the row does not hold what was written: then there was no write.
func (h *handle) swap(ctx context.Context, q connect.Querier, n next) error {
	t := h.table
	asOpened, asWritten := "$2::bytea", "$3::bytea"
	if safety.Off(safety.RowAsOpened) {
		asOpened = t.digest + " AND $2::bytea IS NOT NULL"
	}
	if safety.Off(safety.RowAsWritten) {
		asWritten = t.digest + " AND $3::bytea IS NOT NULL"
	}
	statement := fmt.Sprintf(`WITH written AS (UPDATE %s SET %s = %s WHERE %s AND %s = %s
RETURNING %[5]s = %[7]s AS same) SELECT count(*), 1 / min(same::int) FROM written`, t.from, t.col, n.sql, t.compare("=", 4), t.digest, asOpened, asWritten)
	var rows int
	var one *int
	args := append([]any{n.value, h.digest[:], n.digest[:]}, h.key...)
	if err := q.QueryRow(ctx, statement, args...).Scan(&rows, &one); err != nil {
		return err
	}
	if rows == 1 {
		return nil
	}
	if err := h.look(ctx, q, n); !errors.Is(err, errStands) {
		return err
	}
	return fmt.Errorf("%w: the server wrote no row; a rule, a trigger or a policy keeps it as it is", source.ErrRefused)
}

// errStands says that the row is as it was opened.
var errStands = errors.New("the row is as it was")

// look finds out what a row holds: nil = what was to be written, by this statement or an earlier one whose answer was lost.
// ErrGone, ErrChanged, errStands.
func (h *handle) look(ctx context.Context, q connect.Querier, n next) error {
	var digest []byte
	err := q.QueryRow(ctx, fmt.Sprintf("SELECT %s FROM %s WHERE %s AND %s IS NOT NULL", h.table.digest, h.table.from, h.table.compare("=", 1), h.table.col), h.key...).Scan(&digest)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return source.ErrGone
	case err != nil:
		return err
	case bytes.Equal(digest, n.digest[:]) && !safety.Off(safety.LostRowAsked):
		return nil
	case !bytes.Equal(digest, h.digest[:]):
		return source.ErrChanged
	}
	return errStands
}

// afterwards bounds how long is found out what became of a write whose caller gives up.
const afterwards = 15 * time.Second

// alone writes in a transaction of its own. A statement whose answer was lost may have taken effect: another attempt finds
// the row as it was written, and so does a last look where there are no more attempts.
func (h *handle) alone(ctx context.Context, n next) error {
	err := h.of.retry.Do(ctx, final, func(ctx context.Context) error { return h.swap(ctx, h.of.pool, n) })
	if err == nil || final(err) {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), afterwards)
	defer cancel()
	switch seen := h.look(ctx, h.of.pool, n); {
	case seen == nil:
		return nil
	case errors.Is(seen, errStands) || !final(seen):
		return err
	default:
		return seen
	}
}

// within writes in the caller's transaction, behind a savepoint: a write that fails takes nothing else along.
func (h *handle) within(ctx context.Context, n next) error {
	tx, _ := connect.Tx(ctx)
	return pgx.BeginFunc(ctx, tx, func(inner pgx.Tx) error { return h.swap(ctx, inner, n) })
}
