package river_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/river"
	"kmsplan.dev/kmsplan/internal/batch/quota"
)

// child is a process of this test binary that works on a queue.
type child struct {
	cmd  *exec.Cmd
	said *bufio.Scanner
}

const childVariable = "KMSPLAN_TEST_RIVER_CHILD"

func TestMain(m *testing.M) {
	what := os.Getenv(childVariable)
	if what == "" {
		os.Exit(m.Run())
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	q, err := river.Open(ctx, river.Options{ConnStr: os.Getenv("CHILD_CONN"), Schema: os.Getenv("CHILD_SCHEMA"), Connections: 8}, os.Getenv)
	if err == nil {
		err = map[string]func(context.Context, *river.Queue) error{"hang": hang, "call": call}[what](ctx, q)
	}
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// hang takes a chunk, records a step of it, and stands there until it is killed.
func hang(ctx context.Context, q *river.Queue) error {
	return q.Work(ctx, queue.Worker{Name: "child", Do: func(ctx context.Context, d queue.Delivery) error {
		if _, err := d.Record(ctx, step(d, 1, "child")); err != nil {
			return err
		}
		fmt.Println("chunk", d.Chunk().Index)
		<-ctx.Done()
		return ctx.Err()
	}})
}

// callsLast is for how long call calls.
const callsLast = 6 * time.Second

// call makes calls under the shared quota and tells the time of each.
func call(ctx context.Context, q *river.Queue) error {
	p := quota.NewPermits(q.Bucket("here", quota.Symmetric))
	ctx, cancel := context.WithTimeout(ctx, callsLast)
	defer cancel()
	out := bufio.NewWriter(os.Stdout)
	for {
		if _, err := p.Take(ctx); err != nil {
			return out.Flush()
		}
		fmt.Fprintln(out, time.Now().UnixNano())
	}
}

func start(t *testing.T, what, conn, schema string) *child {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childVariable+"="+what, "CHILD_CONN="+conn, "CHILD_SCHEMA="+schema)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_, _ = io.Copy(io.Discard, out)
		_ = c.Wait()
	})
	return &child{cmd: c, said: bufio.NewScanner(out)}
}

func (c *child) line(t *testing.T) string {
	t.Helper()
	if !c.said.Scan() {
		t.Fatalf("the child ended: %v", c.said.Err())
	}
	return c.said.Text()
}
