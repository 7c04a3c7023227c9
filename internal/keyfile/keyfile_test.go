package keyfile

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"io"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"software.sslmate.com/src/go-pkcs12"

	"kmsplan.dev/kmsplan/internal/durable/durabletest"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

const (
	first    = "KAAP.first"
	second   = "KAAP.second"
	password = "Canary9f3b2c"
)

// private is a client key's private half as the service answers it.
var private = sync.OnceValue(func() string {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: first}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	certificate, _ := x509.ParseCertificate(der)
	pfx, err := pkcs12.LegacyRC2.Encode(key, certificate, nil, password)
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(pfx)
})

func place(t *testing.T) Place {
	t.Helper()
	return Place{Dir: t.TempDir(), File: "keys/client.json", PasswordFile: "keys/client.password"}
}

func (p Place) path(name string) string { return filepath.Join(p.Dir, filepath.FromSlash(name)) }

// has is what a file holds; "" = there is none.
func (p Place) has(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(p.path(name))
	if err != nil && !missing(err) {
		t.Fatal(err)
	}
	return string(content)
}

func (p Place) writes(t *testing.T, name, content string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(p.path(name)), 0o700), os.WriteFile(p.path(name), []byte(content), 0o600)); err != nil {
		t.Fatal(err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// holds fails the test unless the files are a client key and its password.
func (p Place) holds(t *testing.T, id string) {
	t.Helper()
	key, err := dkms.ParseClientKey([]byte(p.has(t, p.File)), p.has(t, p.PasswordFile))
	if err != nil || key.KeyID != id {
		t.Fatalf("the files hold %v, want %s; %v", key, id, err)
	}
	for _, name := range []string{p.File, p.PasswordFile} {
		if info, err := os.Stat(p.path(name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", name, info.Mode(), err)
		}
	}
}

func TestAClientKeysFileIsExchangedWholeAndItsPasswordKept(t *testing.T) {
	p := place(t)
	must(t, p.Free(Recorded{}))
	must(t, p.Keep(first, private(), password))
	if p.has(t, p.File) != "" {
		t.Error("the file is there before it was taken")
	}
	sum, found, err := p.Take(first, Recorded{})
	if err != nil || !found {
		t.Fatal(found, err)
	}
	p.holds(t, first)
	r := Recorded{ID: first, Digest: sum, PasswordFile: p.PasswordFile}
	if f := p.Look(r, ""); f.Standing != Ours || f.ID != first || f.Digest != sum || f.Closed || f.NoPassword || f.Problem != "" {
		t.Errorf("%+v", f)
	}
	must(t, p.Free(r))
	must(t, p.Keep(second, private(), "")) // under the password that is there
	p.holds(t, first)
	for range 2 { // a crash may let it be done again
		if _, _, err := p.Take(second, r); err != nil {
			t.Fatal(err)
		}
		p.holds(t, second)
	}
	if _, found, err := p.Take(second, r); found || err != nil {
		t.Errorf("something waits still: %v", err)
	}
	left, err := os.ReadDir(p.path("keys"))
	if err != nil || len(left) != 2 {
		t.Errorf("left are %v, %v", left, err)
	}
}

func TestWhatIsNotTheClientKeysIsKept(t *testing.T) {
	ours := Recorded{ID: first, Digest: "0"}
	for name, tt := range map[string]struct {
		file, theirs string
		r            Recorded
	}{
		"a first one":          {"keys/client.json", "theirs", Recorded{}},
		"a later one":          {"keys/client.json", `{"KeyId":"KAAP.other"}`, ours},
		"a first password":     {"keys/client.password", "theirs", Recorded{}},
		"another's password":   {"keys/client.password", "theirs", ours},
		"a password elsewhere": {"keys/client.password", "theirs", Recorded{ID: first, Digest: "0", PasswordFile: "elsewhere"}},
	} {
		p := place(t)
		p.writes(t, tt.file, tt.theirs)
		err := p.Free(tt.r)
		if err == nil || !strings.Contains(err.Error(), tt.file+" is there, and it is not this client key's") || strings.Contains(err.Error(), tt.theirs) {
			t.Errorf("%s: %v", name, err)
		}
		must(t, p.Keep(second, private(), ""))
		if tt.file != p.File {
			continue
		}
		if _, found, err := p.Take(second, tt.r); !found || !errors.Is(err, fs.ErrExist) || p.has(t, Pending(p.File, second)) == "" {
			t.Errorf("%s: it was taken: %v", name, err)
		}
		if p.has(t, tt.file) != tt.theirs {
			t.Errorf("%s: it was written over", name)
		}
	}
}

func TestWhatIsOwnedAndWhatIsNoFileIsRefused(t *testing.T) {
	p := place(t)
	p.Owned = func(name string) string { return map[string]string{"keys/client.password": "a stack's state"}[name] }
	if err := p.Free(Recorded{}); err == nil || !strings.Contains(err.Error(), "client.password is a stack's state") {
		t.Error(err)
	}
	p.Owned = nil
	p.writes(t, "elsewhere", "theirs")
	must(t, os.Mkdir(p.path("keys"), 0o700))
	must(t, os.Symlink("../elsewhere", p.path(p.File)))
	if err := p.Free(Recorded{}); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Error(err)
	}
	p.File = "../outside.json"
	if err := p.Keep(first, private(), ""); err == nil {
		t.Error("a file outside the module was written")
	}
}

func TestAFaultyIDNamesNoFile(t *testing.T) {
	p := place(t)
	for _, id := range []string{"", "../x", "a/b", "a\x00", strings.Repeat("x", 200)} {
		if err := p.Keep(id, private(), password); err == nil {
			t.Errorf("%q was taken for a name", id)
		}
		if _, found, err := p.Take(id, Recorded{}); found || err != nil {
			t.Errorf("%q: %v", id, err)
		}
	}
	if left, _ := os.ReadDir(p.Dir); len(left) != 0 {
		t.Errorf("left are %v", left)
	}
}

func TestFilesAreEncryptedToRecipients(t *testing.T) {
	identity, err := age.GenerateX25519Identity()
	must(t, err)
	p := place(t)
	p.Recipients = []string{identity.Recipient().String()}
	must(t, p.Keep(first, private(), password))
	sum, _, err := p.Take(first, Recorded{})
	must(t, err)
	opened := map[string]string{}
	for _, name := range []string{p.File, p.PasswordFile} {
		sealed := p.has(t, name)
		if strings.Contains(sealed, password) || strings.Contains(sealed, first) {
			t.Errorf("%s shows what is in it", name)
		}
		r, err := age.Decrypt(bytes.NewReader([]byte(sealed)), identity)
		must(t, err)
		content, err := io.ReadAll(r)
		must(t, err)
		opened[name] = string(content)
	}
	if key, err := dkms.ParseClientKey([]byte(opened[p.File]), opened[p.PasswordFile]); err != nil || key.KeyID != first {
		t.Errorf("%v, %v", key, err)
	}
	if f := p.Look(Recorded{ID: first, Digest: sum}, ""); f.Standing != Ours || f.ID != "" || f.Closed {
		t.Errorf("%+v", f)
	}
	p.Recipients = []string{"age1canary9f3b2c"}
	if err := p.Keep(second, private(), password); err == nil || strings.Contains(err.Error(), "canary9f3b2c") {
		t.Error(err)
	}
}

func TestAPasswordThatDoesNotOpenTheFileShows(t *testing.T) {
	p := place(t)
	must(t, p.Keep(first, private(), password))
	_, _, err := p.Take(first, Recorded{})
	must(t, err)
	p.PasswordFile = ""
	for text, closed := range map[string]bool{password: false, "Another9f3b2c": true, "": false} {
		if f := p.Look(Recorded{ID: first}, text); f.Closed != closed {
			t.Errorf("closed %v, want %v", f.Closed, closed)
		}
	}
}

// Whatever a crash leaves of the disk: the file is the one before or the next, whole, and once what was answered was kept,
// the next run has it.
func TestAClientKeySurvivesEveryCrash(t *testing.T) {
	was := place(t)
	must(t, was.Keep(first, private(), password))
	sum, _, err := was.Take(first, Recorded{})
	must(t, err)
	r := Recorded{ID: first, Digest: sum, PasswordFile: was.PasswordFile}
	old := map[string]string{was.File: was.has(t, was.File), was.PasswordFile: was.has(t, was.PasswordFile)}
	rec := durabletest.NewRecord(was.Dir)
	p := was
	p.Disk = rec.Seam(nil)
	must(t, p.Keep(second, private(), ""))
	rec.Mark("kept")
	_, _, err = p.Take(second, r)
	must(t, err)
	rec.Mark("taken")
	disks := 0
	rec.Disks(func(disk durabletest.Disk) {
		disks++
		clone := was
		clone.Dir = t.TempDir()
		for name, content := range old {
			clone.writes(t, name, content)
		}
		must(t, disk.Fill(clone.Dir))
		key, err := dkms.ParseClientKey([]byte(clone.has(t, was.File)), password)
		if err != nil || key.KeyID != first && key.KeyID != second {
			t.Fatalf("%s: the file is %v, %v", disk.Name, key, err)
		}
		if len(disk.Promises) == 0 {
			return
		}
		if _, _, err := clone.Take(second, r); err != nil {
			t.Fatalf("%s: %v", disk.Name, err)
		}
		clone.holds(t, second)
	})
	if disks < 10 {
		t.Errorf("only %d disks", disks)
	}
}
