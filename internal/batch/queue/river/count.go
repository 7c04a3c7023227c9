package river

import (
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5"

	"kmsplan.dev/kmsplan/internal/batch"
)

// count brings a chunk's step into its batch's row, which keeps the counts of the chunks that are done, and ends or pauses
// the batch where they say so. Its lock is one beside which others insert failures, which refer to the batch's row: two that had
// inserted theirs waited for each other under a stronger one.
func (d *delivery) count(ctx context.Context, tx pgx.Tx, was before, s batch.Step) (now batch.Status, err error) {
	r, failed, forgiven := row{}, int64(0), int64(0)
	if r, err = scan(tx.QueryRow(ctx, d.q.sql("SELECT "+columns+" FROM @.batches WHERE id = $1 FOR NO KEY UPDATE"), d.id)); err != nil {
		return "", err
	}
	if err := tx.QueryRow(ctx, d.q.sql("SELECT failed, forgiven FROM @.batches WHERE id = $1"), d.id).Scan(&failed, &forgiven); err != nil {
		return "", err
	}
	sum := r.record.Tally
	if was.done {
		sum.Add(less(was.tally))
		r.done--
	}
	if s.Done {
		sum.Add(s.Tally)
		r.done++
	}
	failed += s.Tally.Failed - was.tally.Failed
	now, reason := after(r, r.record.Spec.TooMany(failed, forgiven))
	text, err := json.Marshal(sum)
	if err != nil {
		return now, err
	}
	_, err = tx.Exec(ctx, d.q.sql(`UPDATE @.batches SET tally = $2::text::jsonb, done = $3, failed = $4, status = $5::text, reason = $6,
		ended = CASE WHEN $5::text = 'done' THEN coalesce(ended, now()) ELSE ended END WHERE id = $1`), d.id, string(text), r.done, failed, string(now), reason)
	return now, err
}

// after is what a batch does after a step; tooMany is why it should pause.
func after(r row, tooMany string) (now batch.Status, reason string) {
	b := r.record
	switch {
	case b.Status == batch.Cancelled:
	case r.done == r.chunks:
		return batch.Done, ""
	case b.Status == batch.Running && tooMany != "":
		return batch.Paused, tooMany
	}
	return b.Status, b.Reason
}

// less is what takes a tally away when it is added.
func less(t batch.Tally) batch.Tally {
	var out batch.Tally
	for field, value := range map[*int64]int64{
		&out.Objects: t.Objects, &out.Written: t.Written, &out.Already: t.Already, &out.Newer: t.Newer, &out.Opened: t.Opened, &out.Gone: t.Gone,
		&out.Failed: t.Failed, &out.Read: t.Read, &out.Sent: t.Sent, &out.Copied: t.Copied, &out.Calls: t.Calls,
	} {
		*field = -value
	}
	for _, u := range t.Under {
		u.Objects, u.Proved = -u.Objects, -u.Proved
		out.Under = append(out.Under, u)
	}
	return out
}
