package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is a PostgreSQL of one test. Its methods are called by one goroutine at a time.
type Server struct {
	t    *testing.T
	bin  string // the directory of its programs
	dir  string // of its files and its socket
	pool *exec.Cmd
}

// limit bounds each program that is run, on a machine that has much else to do.
const limit = 2 * time.Minute

// Start starts an empty one and stops it with the test. It listens on a socket in its directory: a port could be
// taken by another while it is down.
func Start(t *testing.T) *Server {
	t.Helper()
	bin := programs()
	if bin == "" {
		t.Skip("no PostgreSQL: there is no initdb on the PATH nor below /usr/lib/postgresql; install the package postgresql, or set KMSPLAN_TEST_PG_CTL as .ci/servers does")
	}
	s := &Server{t: t, bin: bin, dir: ownDirectory(t)}
	s.must("initdb", "-D", s.data(), "-A", "trust", "-U", "postgres", "--no-sync")
	t.Cleanup(s.end)
	s.Up()
	return s
}

// programs is the directory of initdb and pg_ctl: of the servers that .ci/servers starts, on the PATH, or where Debian has
// the newest.
func programs() string {
	if ctl, _, ok := strings.Cut(os.Getenv("KMSPLAN_TEST_PG_CTL"), " "); ok {
		return filepath.Dir(ctl)
	}
	if initdb, err := exec.LookPath("initdb"); err == nil {
		if initdb, err = filepath.EvalSymlinks(initdb); err == nil {
			return filepath.Dir(initdb)
		}
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return ""
	}
	return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) }))
}

// version is the number in /usr/lib/postgresql/15/bin/initdb.
func version(initdb string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(initdb)))) // 0 for another layout: the last choice
	return n
}

// ownDirectory is a short path, for the socket in it, that belongs to whom the server runs as.
func ownDirectory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "kmsplan-pg-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if os.Getuid() != 0 {
		return dir
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Skip("PostgreSQL does not run as root, and there is no user postgres")
	}
	uid, errUID := strconv.Atoi(u.Uid)
	gid, errGID := strconv.Atoi(u.Gid)
	if err := errors.Join(errUID, errGID, os.Chown(dir, uid, gid)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// ConnStr is how to connect to the server itself.
func (s *Server) ConnStr() string { return s.at(serverPort) }

// The ports name the sockets.
const (
	serverPort = 5432
	poolerPort = 6432
)

func (s *Server) at(port int) string {
	return fmt.Sprintf("host=%s port=%d user=postgres dbname=postgres sslmode=disable", s.dir, port)
}

// Down ends the server as a crash does: sessions are cut wherever they are, and nothing is written out.
func (s *Server) Down() { s.must("pg_ctl", "-w", "-D", s.data(), "-m", "immediate", "stop") }

// Up starts it again; it recovers from its log and takes connections when Up returns.
func (s *Server) Up() {
	s.must("pg_ctl", "-w", "-t", "60", "-D", s.data(), "-l", filepath.Join(s.dir, "log"),
		"-o", fmt.Sprintf("-c listen_addresses='' -c unix_socket_directories=%s -p %d", s.dir, serverPort), "start")
}

// Terminate cuts every session but its own, whatever they are at, and returns how many.
func (s *Server) Terminate() (cut int) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	c, err := pgx.Connect(ctx, s.ConnStr())
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close(ctx)
	if err := c.QueryRow(ctx, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "+
		"WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'").Scan(&cut); err != nil {
		s.t.Fatal(err)
	}
	return cut
}

func (s *Server) end() {
	if s.pool != nil {
		_ = s.pool.Process.Signal(syscall.SIGTERM) // which runuser passes on, unlike SIGKILL
		_ = s.pool.Wait()                          // it says that it was ended
	}
	_, _ = s.run("pg_ctl", "-D", s.data(), "-m", "immediate", "stop") // a test may have left it down
}

// line runs a program as postgres where this is root, because PostgreSQL refuses to be root.
func (s *Server) line(name string, args ...string) []string {
	if !filepath.IsAbs(name) {
		name = filepath.Join(s.bin, name)
	}
	line := append([]string{name}, args...)
	if os.Getuid() == 0 {
		line = append([]string{"runuser", "-u", "postgres", "--"}, line...)
	}
	return line
}

// run runs a program to its end and returns what it said.
func (s *Server) run(name string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	line := s.line(name, args...)
	c := exec.CommandContext(ctx, line[0], line[1:]...)
	c.Dir, c.WaitDelay = s.dir, time.Second // whoever inherits its output does not hold it up
	out, err := c.CombinedOutput()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil
	}
	return out, err
}

func (s *Server) must(name string, args ...string) {
	s.t.Helper()
	if out, err := s.run(name, args...); err != nil {
		log, _ := os.ReadFile(filepath.Join(s.dir, "log")) // as far as there is one
		s.t.Fatalf("%s %q: %v\n%s\n%s", name, args, err, out, log)
	}
}
