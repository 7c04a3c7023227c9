package keycache

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"syscall"

	"github.com/gofrs/flock"
	"golang.org/x/sys/unix"

	"kmsplan.dev/kmsplan/internal/safety"
)

// Kept says whether there is a process that keeps data keys on this system.
const Kept = true

// mine reports whether a file belongs to this user.
func mine(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Getuid()
}

// samePeer refuses a connection whose other end is not this user's, by the kernel's word.
func samePeer(c net.Conn) error {
	u, ok := c.(*net.UnixConn)
	if !ok {
		return errors.New("not a unix socket")
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return err
	}
	var cred *unix.Ucred
	var failed error
	if err := raw.Control(func(fd uintptr) {
		cred, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return err
	}
	if failed != nil {
		return failed
	}
	return allowed(cred.Uid)
}

// allowed lets this user in and nobody else.
func allowed(uid uint32) error {
	if int(uid) != os.Getuid() && !safety.Off(safety.CachePeer) {
		return fmt.Errorf("user %d is not this cache's", uid)
	}
	return nil
}

// Dial connects to the cache at a socket. An error says that there is none.
func Dial(socket string) (*Client, error) {
	c, err := net.Dial("unix", socket)
	if err != nil {
		return nil, err
	}
	if err := samePeer(c); err != nil {
		c.Close()
		return nil, err
	}
	return NewClient(c), nil
}

// Run serves at a socket until the cache ends. ready is called once it can be dialled. Another cache at that place is no error:
// this one then ends at once. No other process may look into this one's memory.
func Run(ctx context.Context, socket string, ready func()) error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("close this process's memory to others: %w", err)
	}
	lock := flock.New(socket+".lock", flock.SetPermissions(0o600))
	got, err := lock.TryLock()
	if err != nil || !got {
		return err
	}
	defer lock.Unlock()
	if err := os.Remove(socket); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	old := syscall.Umask(0o177)
	l, err := net.Listen("unix", socket)
	syscall.Umask(old)
	if err != nil {
		return err
	}
	ready()
	return (&Server{Peer: samePeer}).Serve(ctx, l)
}

// Start starts a program that calls Run, in a session of its own and with an empty environment, and waits until it
// said that it is ready, or ended.
func Start(program string, args ...string) error {
	out, in, err := os.Pipe()
	if err != nil {
		return err
	}
	defer out.Close()
	c := exec.Command(program, args[1:]...)
	c.Args[0] = args[0]
	c.Dir, c.Env, c.Stdout = "/", []string{}, in
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = c.Start()
	in.Close()
	if err != nil {
		return err
	}
	out.Read(make([]byte, 1)) // one byte, or its end
	return c.Process.Release()
}
