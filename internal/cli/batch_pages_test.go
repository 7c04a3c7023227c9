package cli

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"kmsplan.dev/kmsplan/internal/cli/clitest"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/state/pg/pgtest"
)

// aPage is a page of docs that is tried: its blocks of HCL and SQL are files, its lines of shell are run.
type aPage struct {
	t       *testing.T
	dir     string
	env     []string
	secrets map[string]string
	said    string
}

const aBatchOfFiles = "mkdir archive\n" + // what each page takes for granted
	"kmsplan encrypt -scope directory -key alias/orders orders/1.txt orders/2.txt orders/3.txt\n" +
	"mv orders/*.enc archive\n"

func TestTheFirstBatchAndWhatComesAfterIt(t *testing.T) {
	p := newPage(t, "batch.md")
	p.write("archive/1.txt", "one")
	p.write("archive/2.txt", "two")
	p.write("archive/3.txt", "three")
	p.shell(linesOf(p.text("batch.md"), "sh"))
	p.orders()
	operating := linesOf(p.text("batch/operating.md"), "sh")
	p.shell(operating)
	for _, want := range []string{"3 at the target already", "the database is moved", "is created and paused", "quota times 0.2", "3 opened"} {
		if !regexp.MustCompile(want).MatchString(p.said) {
			t.Errorf("%q was not said:\n%s", want, p.said)
		}
	}
}

func TestABatchOnPostgreSQLAsThePageSays(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a PostgreSQL")
	}
	server := pgtest.Start(t)
	p := newPage(t, "batch/postgres.md")
	p.secrets["the password of PostgreSQL"] = "canary/pg " + uuid.NewString()
	as := func(user, database string) string {
		return strings.NewReplacer("user=postgres", "user="+user, "dbname=postgres", "dbname="+database).Replace(server.ConnStr())
	}
	p.env = append(p.env, "ADMIN="+server.ConnStr(), "OWNER="+as("kmsplan_owner", "kmsplan"), "WORKER="+as("kmsplan_worker", "kmsplan"),
		"PGPASSWORD="+p.secrets["the password of PostgreSQL"])
	for _, block := range blocksOf(p.text("batch/postgres.md"), "sql") {
		name, _, _ := strings.Cut(strings.TrimPrefix(block, "-- "), "\n")
		p.write(name, block)
	}
	p.begin()
	// A restored queue is older than the objects: the dump of this page is taken before the work.
	lines := linesOf(p.text("batch/postgres.md"), "sh")
	const dump = "pg_dump \"$OWNER\" >queue.sql\n"
	first := strings.Index(lines, "kmsplan worker -once -parallel 4\n")
	if first < 0 || !strings.Contains(lines, dump) {
		t.Fatalf("the page has other lines:\n%s", lines)
	}
	rest := strings.Replace(lines[first:], dump, dump+"mv before.sql queue.sql\n", 1)
	p.shell(lines[:first] + strings.Replace(dump, "queue", "before", 1) + rest)
	for _, want := range []string{"is done: 3 of 3 objects, 3 written", "is done: 3 of 3 objects, 0 written, 3 at the target already", "SHA-256 of the manifest"} {
		if !strings.Contains(p.said, want) {
			t.Errorf("%q was not said:\n%s", want, p.said)
		}
	}
	p.search()
}

func TestABatchOfShardsAsThePageSays(t *testing.T) {
	if testing.Short() {
		t.Skip("dozens of processes")
	}
	p := newPage(t, "batch/shards.md")
	p.begin()
	p.shell(linesOf(p.text("batch/shards.md"), "sh"))
	if !strings.Contains(p.said, "is done: 3 of 3 objects, 3 written") {
		t.Error(p.said)
	}
	p.search()
}

// newPage is an empty directory with the page's module.
func newPage(t *testing.T, name string) *aPage {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the pages are written for a POSIX shell")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	must(t, os.WriteFile(filepath.Join(bin, "kmsplan"), fmt.Appendf(nil, "#!/bin/sh\n%s=1 exec %q \"$@\"\n", clitest.ActAsMain, self), 0o755))
	p := &aPage{t: t, dir: t.TempDir(), secrets: map[string]string{}}
	p.env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "HOME="+bin, "NO_COLOR=1", "KMSPLAN_LOG=debug")
	p.write("main.kms.hcl", blocksOf(p.text(name), "hcl")[0])
	return p
}

func (p *aPage) text(name string) string {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", filepath.FromSlash(name)))
	must(p.t, err)
	return string(text)
}

// begin is a batch's worth of objects with secrets in them, under a version that is not the primary one any more, at a service
// that all processes share.
func (p *aPage) begin() {
	p.t.Helper()
	server := emulatortest.New(p.t)
	must(p.t, server.WriteReadyFile(filepath.Join(p.dir, "ready.json")))
	p.secrets["the gateway's AccessKey"] = server.Ready().AccessKeySecret
	p.orders()
	p.shell("kmsplan apply -auto-approve\n" + aBatchOfFiles + "rm -r orders\nkmsplan rotate -auto-approve key.orders\n")
}

func (p *aPage) orders() {
	for i := range 3 {
		what := fmt.Sprintf("the content of object %d", i+1)
		p.secrets[what] = fmt.Sprintf("canary/%d \"é & ", i+1) + uuid.NewString()
		p.write(fmt.Sprintf("orders/%d.txt", i+1), p.secrets[what])
	}
}

func (p *aPage) write(name, text string) {
	p.t.Helper()
	name = filepath.Join(p.dir, filepath.FromSlash(name))
	must(p.t, os.MkdirAll(filepath.Dir(name), 0o700))
	must(p.t, os.WriteFile(name, []byte(text), 0o600))
}

// shell runs lines as a reader would, up to the first that fails.
func (p *aPage) shell(lines string) {
	p.t.Helper()
	if strings.TrimSpace(lines) == "" {
		p.t.Fatal("the page has no lines of shell")
	}
	ctx, cancel := context.WithTimeout(p.t.Context(), 4*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "sh", "-eux", "-c", lines)
	c.Dir, c.Env, c.WaitDelay = p.dir, p.env, time.Second
	out, err := c.CombinedOutput()
	p.said += string(out)
	if err != nil {
		p.t.Fatalf("%v\n%s", err, out)
	}
}

// search demands that no secret is in what was said, or in any file that is no object.
func (p *aPage) search() {
	p.t.Helper()
	pieces := map[string][]byte{"what was said": []byte(strings.ReplaceAll(p.said, "PGPASSWORD", ""))}
	must(p.t, filepath.WalkDir(p.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "ready.json" || strings.Contains(path, string(filepath.Separator)+"orders"+string(filepath.Separator)) {
			return err
		}
		pieces[path], err = os.ReadFile(path)
		return err
	}))
	all, seen := map[string][][]byte{}, ""
	for where, data := range pieces {
		all[where] = clitest.Opened(data, clitest.PackedDepth)
		if len(clitest.Holding(all[where], "2.txt.enc")) > 0 {
			seen += where + "\n"
		}
	}
	for what, secret := range p.secrets {
		for _, place := range found(all, secret) {
			p.t.Errorf("%s is in %s", what, place)
		}
	}
	// The search is not blind: names of objects lie packed in the queue.
	if !strings.Contains(seen, "queue.sql") && !strings.Contains(seen, "ledger") {
		p.t.Errorf("no name of an object is found in the queue, only in\n%s", seen)
	}
}

// blocksOf are the fenced blocks of a language.
func blocksOf(page, language string) (out []string) {
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(page, -1) {
		out = append(out, m[1])
	}
	return out
}

func linesOf(page, language string) string { return strings.Join(blocksOf(page, language), "") }
