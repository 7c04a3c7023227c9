package river_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/queuetest"
)

// What docs/batch/postgres.md says of rows and bytes; KMSPLAN_TEST_CHUNKS=1000 measures as there. An object is no row, and costs
// some twenty bytes.
func TestHowMuchTheTablesTake(t *testing.T) {
	chunks := 20
	if s := os.Getenv("KMSPLAN_TEST_CHUNKS"); s != "" {
		chunks, _ = strconv.Atoi(s)
	}
	const objects = 1000
	conn := server(t, "KMSPLAN_TEST_PG")
	q, name := migrated(t, conn)
	random := rand.New(rand.NewPCG(1, 2))
	spec := queuetest.Spec(address, chunks)
	parts := func(yield func(queue.Part, error) bool) {
		for p, err := range queuetest.Parts(chunks) {
			p.Entries = nil
			for i := range objects {
				etag := make([]byte, 16)
				for j := range etag {
					etag[j] = byte(random.Uint32())
				}
				p.Entries = append(p.Entries, batch.Entry{
					Name: fmt.Sprintf("orders/2026/11/30/%08d/%08d.json.enc", p.Index, i), Size: 4096 + int64(random.IntN(4096)), Revision: hex.EncodeToString(etag),
					KeyID: "key-hzz0123456789abcdef01", KeyVersion: "key-hzz0123456789abcdef01-0123456789",
				})
			}
			if p.Objects = objects; !yield(p, err) {
				return
			}
		}
	}
	if err := q.Create(t.Context(), spec, parts); err != nil {
		t.Fatal(err)
	}
	created := tablesSize(t, conn, name)
	change(t, q, batch.Running)
	err := q.Work(t.Context(), queue.Worker{Name: "w", Once: true, Parallel: 4, Do: func(ctx context.Context, d queue.Delivery) error {
		s := batch.Step{Attempt: d.Last().Attempt, Worker: "w"}
		for s.Cursor < objects {
			s.Cursor += 100
			s.Tally = batch.Tally{Objects: int64(s.Cursor), Written: int64(s.Cursor), Outcomes: batch.Outcomes(fmt.Sprintf("%dw", s.Cursor))}
			s.Done = s.Cursor == objects
			if _, err := d.Record(ctx, s); err != nil {
				return err
			}
		}
		return nil
	}})
	if r := record(t, q); err != nil || r.Status != batch.Done {
		t.Fatalf("%+v: %v", r, err)
	}
	done := tablesSize(t, conn, name)
	per := func(n int64) float64 { return float64(n) / float64(chunks) * 1000 / 1e6 }
	t.Logf("of 1,000 chunks of %d objects: %.1f MB when they are created, %.1f MB when they are done (%d chunks were measured)", objects, per(created), per(done), chunks)
	if each := done / int64(chunks*objects); each > 200 {
		t.Errorf("an object takes %d bytes", each)
	}
}

func tablesSize(t *testing.T, conn, schema string) (n int64) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	err = c.QueryRow(t.Context(), "SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind = 'r'", schema).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
