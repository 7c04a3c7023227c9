package keycache

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const (
	actAs   = "KMSPLAN_TEST_KEYCACHE"
	dialAs  = "dial"
	serveAs = "serve"
)

// TestMain lets the test binary be a cache, or who asks one.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == serveAs {
		if Run(context.Background(), os.Args[2], func() { os.Stdout.Write([]byte("\n")); os.Stdout.Close() }) != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	if socket := os.Getenv(actAs); socket != "" {
		c, err := net.Dial("unix", socket)
		if err == nil {
			_, err = NewClient(c).Get(ID{1})
		}
		if err != nil {
			os.Stdout.WriteString("refused: " + err.Error())
			os.Exit(0)
		}
		os.Stdout.WriteString("answered")
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func started(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "kc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket, err := Place(dir, "a")
	if err != nil {
		t.Fatal(err)
	}
	start(t, socket)
	t.Cleanup(func() {
		if c, err := Dial(socket); err == nil {
			c.Stop()
		}
	})
	return socket
}

func start(t *testing.T, socket string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := Start(self, self, serveAs, socket); err != nil {
		t.Fatal(err)
	}
}

// TestAProcessOfItsOwn keeps keys between processes; a second one at the same place gives way, and one that was killed is
// replaced.
func TestAProcessOfItsOwn(t *testing.T) {
	socket := started(t)
	for name, want := range map[string]os.FileMode{socket: 0o600 | os.ModeSocket, filepath.Dir(socket): 0o700 | os.ModeDir} {
		if info, err := os.Lstat(name); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	c, err := Dial(socket)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Put(ID{1}, []byte("key")); err != nil {
		t.Fatal(err)
	}
	start(t, socket)
	again, err := Dial(socket)
	if err != nil {
		t.Fatal(err)
	}
	if key, err := again.Get(ID{1}); string(key) != "key" || err != nil {
		t.Errorf("%q, %v", key, err)
	}

	pid := peerPID(t, again)
	for _, name := range []string{"environ", "mem"} {
		if text, err := os.ReadFile("/proc/" + pid + "/" + name); err == nil && len(text) > 0 {
			t.Errorf("its %s has %d bytes for others to read", name, len(text))
		}
	}
	kill(t, pid)
	if _, err := again.Get(ID{1}); err == nil {
		t.Error("it answers after it was killed")
	}
	start(t, socket) // over what the killed one left
	fresh, err := Dial(socket)
	if err != nil {
		t.Fatal(err)
	}
	if key, err := fresh.Get(ID{1}); key != nil || err != nil {
		t.Errorf("%q, %v: a key outlived its process", key, err)
	}
	if err := fresh.Stop(); err != nil {
		t.Error(err)
	}
	if _, err := fresh.Get(ID{1}); err == nil {
		t.Error("it answers after it was stopped")
	}
}

// TestAnotherUserIsTurnedAway: whoever can reach the socket, the kernel says whose process asks.
func TestAnotherUserIsTurnedAway(t *testing.T) {
	if allowed(uint32(os.Getuid())) != nil || allowed(uint32(os.Getuid())+1) == nil {
		t.Error("the wrong user is let in")
	}
	if os.Getuid() != 0 {
		t.Skip("the rest takes root: a process of another user's")
	}
	socket := started(t)
	c, err := Dial(socket)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Put(ID{1}, []byte("key")); err != nil {
		t.Fatal(err)
	}
	top := filepath.Dir(filepath.Dir(socket))
	for name, mode := range map[string]os.FileMode{top: 0o711, filepath.Dir(socket): 0o711, socket: 0o666} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(top, "asks")
	if err := os.WriteFile(copied, self, 0o755); err != nil {
		t.Fatal(err)
	}
	for uid, want := range map[uint32]string{0: "answered", 65534: "refused"} {
		ask := exec.Command(copied)
		ask.Env, ask.Dir = []string{actAs + "=" + socket}, "/"
		ask.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		if out, err := ask.Output(); err != nil || !strings.HasPrefix(string(out), want) {
			t.Errorf("user %d: %q, %v, want it %s", uid, out, err, want)
		}
	}
}

// TestAPlaceOfOthersIsNotUsed: a directory that others may enter, or a link, holds no socket.
func TestAPlaceOfOthersIsNotUsed(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "kmsplan"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Place(dir, "a"); err == nil || !strings.Contains(err.Error(), "0700") {
		t.Errorf("an open directory: %v", err)
	}
	linked := t.TempDir()
	if err := os.Symlink(t.TempDir(), filepath.Join(linked, "kmsplan")); err != nil {
		t.Fatal(err)
	}
	if _, err := Place(linked, "a"); err == nil {
		t.Error("a link is followed")
	}
	if _, err := Place(t.TempDir(), strings.Repeat("a", 200)); err == nil {
		t.Error("a path too long for a socket")
	}
}
