package emulator_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	kms "github.com/alibabacloud-go/kms-20160120/v3/client"
	"github.com/alibabacloud-go/tea/tea"

	"kmsplan.dev/kmsplan/internal/emulator"
)

// killDir makes this test binary an emulator that somebody else ends; it names
// the data directory.
const killDir = "KMSPLAN_TEST_KILL_DIR"

// serveUntilKilled prints the ready description and waits for the end.
func serveUntilKilled(dir string) int {
	s, err := emulator.Start(context.Background(), emulator.Options{Dir: dir, LockTimeout: 5 * time.Second})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := json.NewEncoder(os.Stdout).Encode(s.Ready()); err != nil {
		return 1
	}
	select {}
}

// writer is a client with one key of its own that it describes with a number
// that only grows.
type writer struct {
	key   string
	acked int      // the last number that was acknowledged
	made  []string // keys that were acknowledged since the last check
}

// write goes on until the emulator is gone, and tells of every acknowledgement.
func (w *writer) write(client *kms.Client, acknowledged func()) {
	for {
		n := w.acked + 1 // one more than what was acknowledged, whatever else was called in between
		if w.key != "" {
			_, err := client.UpdateKeyDescription(&kms.UpdateKeyDescriptionRequest{KeyId: &w.key, Description: tea.String(strconv.Itoa(n))})
			if err != nil {
				return
			}
			w.acked = n
			acknowledged()
		}
		if w.key == "" || n%5 == 0 {
			made, err := client.CreateKey(&kms.CreateKeyRequest{Description: tea.String(strconv.Itoa(w.acked))})
			if err != nil {
				return
			}
			w.made = append(w.made, *made.Body.KeyMetadata.KeyId)
			w.key = w.made[0]
			acknowledged()
		}
	}
}

// check finds everything that was acknowledged. The call that was under way when
// the emulator ended may have been carried out.
func (w *writer) check(t *testing.T, client *kms.Client) {
	t.Helper()
	for _, id := range w.made {
		if _, err := client.DescribeKey(&kms.DescribeKeyRequest{KeyId: &id}); err != nil {
			t.Fatalf("an acknowledged key is lost: %v", err)
		}
	}
	if w.key == "" {
		return
	}
	described, err := client.DescribeKey(&kms.DescribeKeyRequest{KeyId: &w.key})
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(*described.Body.KeyMetadata.Description)
	if err != nil || n != w.acked && n != w.acked+1 {
		t.Fatalf("%d was acknowledged, %q is there", w.acked, *described.Body.KeyMetadata.Description)
	}
	w.acked, w.made = n, w.made[:0]
}

// TestKillLosesNoAcknowledgedWrite ends a real process with kill -9 while eight
// clients write, again and again, and looks for every acknowledged write after
// each restart. KMSPLAN_LONG=1 does it five hundred times.
func TestKillLosesNoAcknowledgedWrite(t *testing.T) {
	rounds := 5
	if os.Getenv("KMSPLAN_LONG") != "" {
		rounds = 500
	}
	dir, writers, total := t.TempDir(), make([]writer, 8), 0
	for range rounds {
		child, r := startKillable(t, dir)
		for i := range writers {
			writers[i].check(t, sdk(t, r, r.Public.HTTPS, nil))
		}
		writeAndKill(t, child, r, writers)
	}
	child, r := startKillable(t, dir)
	for i := range writers {
		writers[i].check(t, sdk(t, r, r.Public.HTTPS, nil))
		total += writers[i].acked
	}
	kill(t, child)
	if total < rounds {
		t.Fatalf("only %d writes in %d rounds", total, rounds)
	}
	t.Logf("%d kills, %d acknowledged descriptions, none lost", rounds, total)
}

// writeAndKill lets everybody write, and ends the emulator after a random number
// of acknowledgements, in the midst of further writes.
func writeAndKill(t *testing.T, child *exec.Cmd, r emulator.Ready, writers []writer) {
	t.Helper()
	var writing sync.WaitGroup
	var count atomic.Int64
	enough, last := make(chan struct{}), 1+rand.Int64N(60)
	for i := range writers {
		client := sdk(t, r, r.Public.HTTPS, nil) // not safe for concurrent use
		writing.Go(func() {
			writers[i].write(client, func() {
				if count.Add(1) == last {
					close(enough)
				}
			})
		})
	}
	<-enough
	kill(t, child)
	writing.Wait()
}

func kill(t *testing.T, child *exec.Cmd) {
	t.Helper()
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // it was killed
}

// startKillable starts an emulator in a process of its own.
func startKillable(t *testing.T, dir string) (*exec.Cmd, emulator.Ready) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env, child.Stderr = append(os.Environ(), killDir+"="+dir), os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var r emulator.Ready
	if err := json.NewDecoder(out).Decode(&r); err != nil {
		t.Fatal(errors.Join(err, child.Wait()))
	}
	return child, r
}
