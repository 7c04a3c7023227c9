package pgtest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Pooler starts PgBouncer before the server, in transaction mode: each statement may reach another session. It returns how
// to connect through it. settings are lines of its configuration beside those of .ci/servers.
func (s *Server) Pooler(settings ...string) (connStr string) {
	s.t.Helper()
	return s.PoolerAs("postgres", settings...)
}

// PoolerAs is Pooler whose sessions are a role's, whoever connects.
func (s *Server) PoolerAs(role string, settings ...string) (connStr string) {
	s.t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		if program = "/usr/sbin/pgbouncer"; !exists(program) {
			s.t.Skip("no PgBouncer: install the package pgbouncer")
		}
	}
	text := fmt.Sprintf(`[databases]
postgres = host=%[1]s port=%[2]d user=%[4]s
[pgbouncer]
listen_addr =
unix_socket_dir = %[1]s
listen_port = %[3]d
auth_type = any
pool_mode = transaction
default_pool_size = 3
ignore_startup_parameters = extra_float_digits
`, s.dir, serverPort, poolerPort, role)
	for _, line := range settings {
		text += line + "\n"
	}
	ini := filepath.Join(s.dir, "pgbouncer.ini")
	if err := os.WriteFile(ini, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
	line := s.line(program, "-q", ini)
	s.pool = exec.Command(line[0], line[1:]...)
	s.pool.Dir = s.dir
	if err := s.pool.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.awaitSocket(filepath.Join(s.dir, fmt.Sprintf(".s.PGSQL.%d", poolerPort)))
	return s.at(poolerPort)
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// awaitSocket waits until somebody listens.
func (s *Server) awaitSocket(name string) {
	s.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); <-tick.C {
		if c, err := net.Dial("unix", name); err == nil {
			_ = c.Close()
			return
		}
	}
	s.t.Fatalf("nobody listens at %s", name)
}
