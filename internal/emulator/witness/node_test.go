package witness

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// node is a client from npm in a process of its own, see node/driver.js.
type node struct {
	in  io.Writer
	out *bufio.Scanner
	id  *int
}

type nodeAnswer struct {
	ID          int      `json:"id"`
	Answer      answer   `json:"answer"`
	Refusal     *refusal `json:"refusal"`
	Unsupported string   `json:"unsupported"`
	Failure     string   `json:"failure"`
}

func (c node) call(operation string, p params) (answer, error) {
	*c.id++
	line, err := json.Marshal(map[string]any{"id": *c.id, "operation": operation, "params": flat(p)})
	if err != nil {
		return nil, err
	}
	if _, err := c.in.Write(append(line, '\n')); err != nil {
		return nil, err
	}
	if !c.out.Scan() {
		return nil, fmt.Errorf("the client ended: %w", errors.Join(c.out.Err(), io.ErrUnexpectedEOF))
	}
	var a nodeAnswer
	if err := json.Unmarshal(c.out.Bytes(), &a); err != nil {
		return nil, fmt.Errorf("the client said %q: %w", c.out.Text(), err)
	}
	switch {
	case a.ID != *c.id:
		return nil, fmt.Errorf("the client answered call %d instead of %d", a.ID, *c.id)
	case a.Unsupported != "":
		return nil, fmt.Errorf("%w: %s", errUnsupported, a.Unsupported)
	case a.Refusal != nil:
		return nil, a.Refusal
	case a.Failure != "":
		return nil, errors.New(a.Failure)
	}
	return a.Answer, nil
}

// newNode starts a client; the test ends it by closing its standard input.
func newNode(w *world) client {
	w.Helper()
	r := w.ready
	cmd := exec.CommandContext(w.Context(), "node", filepath.Join("node", "driver.js"), w.identity.ID, r.Public.HTTPS, r.Region)
	cmd.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+r.CAFile, "ACCESS_KEY_ID="+r.AccessKeyID, "ACCESS_KEY_SECRET="+r.AccessKeySecret, "NO_PROXY=127.0.0.1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		w.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		w.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait() // its context may have ended it
	})
	scanner := bufio.NewScanner(out)
	scanner.Buffer(nil, 4<<20)
	return node{in, scanner, new(int)}
}

// TestNode drives the clients from npm, where node and they are installed.
func TestNode(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not here")
	}
	if _, err := os.Stat(filepath.Join("node", "node_modules")); err != nil {
		t.Skip("run npm ci in internal/emulator/witness/node first")
	}
	for _, c := range clients {
		if c.Language != "JavaScript" {
			continue
		}
		t.Run(c.ID, func(t *testing.T) {
			w := newWorld(t, c.ID)
			n := newNode(w)
			w.live(n)
			w.refuse(n)
			w.testify()
		})
	}
}
