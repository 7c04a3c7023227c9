package ops

import (
	"bytes"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"kmsplan.dev/kmsplan/internal/envelope"
)

// TestRefusesWhatIsNoRegularFile: no command reads from or writes over a link, directory, pipe, socket or
// device, and what is refused leaves no trace, not even a directory, and calls nothing.
func TestRefusesWhatIsNoRegularFile(t *testing.T) {
	r := newRig(t)
	e := r.engine()
	seal := Seal{Key: r.aesKey()}
	good := r.encrypted(e, "good", []byte("x"), seal)
	r.must(os.Symlink("good", r.path("link")))
	r.must(os.Symlink("good.enc", r.path("link.enc")))
	r.must(os.Symlink("nowhere", r.path("dangling")))
	r.must(os.Mkdir(r.path("dir"), 0o755))
	r.must(mkfifo(r.path("pipe")))
	l, err := net.Listen("unix", r.path("socket"))
	r.must(err)
	defer l.Close()
	bad := map[string]string{
		"link": "is a symbolic link", "link.enc": "is a symbolic link", "dangling": "is a symbolic link", "dir": "is a directory",
		"pipe": "is not a regular file", "socket": "is not a regular file", "/dev/null": "is not a regular file", "dir/": "is a directory", "..": "", "/": "",
	}
	before, trees := r.calls("AdvanceGenerateDataKey", "AdvanceDecrypt", "AdvanceEncrypt"), r.tree()
	for name, say := range bad {
		path := name
		if !filepath.IsAbs(name) {
			path = r.dir + "/" + name
		}
		for what, err := range map[string]error{
			"encrypt from": second(e.EncryptFile(t.Context(), path, r.path("new/out"), seal, nil)),
			"encrypt to":   second(e.EncryptFile(t.Context(), r.path("good"), path, seal, nil)),
			"decrypt from": second(e.DecryptFile(t.Context(), path, r.path("new/out"), Unseal{}, nil)),
			"decrypt to":   second(e.DecryptFile(t.Context(), good, path, Unseal{}, nil)),
			"verify":       second(e.Verify(t.Context(), path, Unseal{}, nil)),
			"inspect":      third(Inspect(path)),
			"rewrap":       third(e.Rewrap(t.Context(), path, Target{Key: seal.Key})),
			"write":        WriteFile(path, 0o600, func(w io.Writer) error { _, err := w.Write([]byte("y")); return err }),
		} {
			if err == nil {
				t.Errorf("%s %s: no error", what, name)
			} else {
				wants(t, err, say)
			}
		}
	}
	if after := r.calls("AdvanceGenerateDataKey", "AdvanceDecrypt", "AdvanceEncrypt"); after != before {
		t.Errorf("%d KMS calls were made", after-before)
	}
	if got := r.tree(); !slices.Equal(got, trees) {
		t.Errorf("the tree was %v and is %v", trees, got)
	}
}

// TestRefusesOverItself: by the same name, another spelling, and a hard link.
func TestRefusesOverItself(t *testing.T) {
	r := newRig(t)
	e := r.engine()
	seal := Seal{Key: r.aesKey()}
	path := r.encrypted(e, "a", []byte("x"), seal)
	r.must(os.Link(path, r.path("b.enc")))
	r.must(os.Link(r.path("a"), r.path("b")))
	for _, other := range []string{r.path("a"), r.dir + "/./a", r.path("b")} {
		wants(t, second(e.EncryptFile(t.Context(), r.path("a"), other, seal, nil)), "over itself")
	}
	for _, other := range []string{path, r.dir + "//a.enc", r.path("b.enc")} {
		wants(t, second(e.DecryptFile(t.Context(), path, other, Unseal{}, nil)), "over itself")
	}
	wants(t, third(e.Rewrap(t.Context(), path, Target{Key: seal.Key})), "2 names (hard links)")
	if string(r.read("a")) != "x" {
		t.Error("the source is damaged")
	}
}

// TestAnExchangedFileIsNeverRead: a name that is exchanged for a link to another file, again and again while it
// is opened, never gives that other file. os.Root alone follows links that stay inside it.
func TestAnExchangedFileIsNeverRead(t *testing.T) {
	r := newRig(t)
	r.write("mine", []byte("mine"), 0o600)
	r.write("secret", []byte("secret"), 0o600)
	r.must(os.Link(r.path("mine"), r.path("name")))
	root, stop := r.root(), make(chan struct{})
	exchanged := make(chan error, 1)
	go func() {
		for {
			select {
			case <-stop:
				exchanged <- nil
				return
			default:
				// A rename onto another name of the same file does nothing, so each begins with an empty place.
				_ = os.Remove(r.path("name"))
				_ = os.Link(r.path("mine"), r.path("name"))
				_ = os.Symlink("secret", r.path("next"))
				_ = os.Rename(r.path("next"), r.path("name"))
			}
		}
	}()
	for range 20000 {
		f, _, err := openRegular(place{root: root, name: "name"}, os.O_RDONLY)
		if err != nil {
			continue
		}
		var b [16]byte
		n, _ := f.Read(b[:])
		f.Close()
		if string(b[:n]) != "mine" {
			t.Errorf("read %q", b[:n])
			break
		}
	}
	close(stop)
	<-exchanged
}

// TestWalksStayInside: a path of a block cannot leave the module, neither by dots nor through a link.
func TestWalksStayInside(t *testing.T) {
	r := newRig(t)
	outside := t.TempDir()
	r.must(os.WriteFile(filepath.Join(outside, "secret"), []byte("x"), 0o600))
	r.must(os.Symlink(outside, r.path("way-out")))
	root := r.root()
	for _, name := range []string{"../" + filepath.Base(outside) + "/secret", "way-out/secret", filepath.Join(outside, "secret")} {
		if _, _, err := openRegular(place{root: root, name: name}, os.O_RDONLY); err == nil {
			t.Errorf("%s was opened", name)
		}
		if o, err := newOutput(place{root: root, name: name}, noWider(PrivateMode)); err == nil && o.create() == nil {
			t.Errorf("%s can be written", name)
		}
	}
}

// TestBadEnvelopes: whatever is wrong with an envelope, the old output stays, no plaintext reaches a stream, and
// the error says what is wrong.
func TestBadEnvelopes(t *testing.T) {
	r := newRig(t)
	e := r.engine()
	plain := pattern(70000, 3)
	seal := Seal{Key: r.aesKey(), Context: envelope.Context{"app": "orders"}}
	good, err := os.ReadFile(r.encrypted(e, "a", plain, seal))
	r.must(err)
	other, err := os.ReadFile(r.encrypted(e, "b", plain, seal))
	r.must(err)
	h, _, err := Inspect(r.path("a.enc"))
	r.must(err)
	body := int(h.BodyOffset)
	flip := func(at int) []byte { b := bytes.Clone(good); b[at] ^= 1; return b }
	tests := map[string]struct {
		envelope []byte
		unseal   Unseal
		say      string
	}{
		"wrong context":      {good, Unseal{Context: envelope.Context{"app": "other"}}, "encryption context is not the expected one"},
		"no context":         {good, Unseal{Context: envelope.Context{}}, "encryption context is not the expected one"},
		"first chunk":        {flip(body + 60), Unseal{}, "chunk 0 is damaged"},
		"last chunk":         {flip(len(good) - 1), Unseal{}, "chunk 4 is damaged"},
		"header":             {flip(200), Unseal{}, "damaged"},
		"another body's":     {append(bytes.Clone(other[:body]), good[body:]...), Unseal{}, "damaged"},
		"chunks exchanged":   {exchanged(good, body+56), Unseal{}, "chunk 0 is damaged"},
		"cut at a chunk":     {good[:body+56+2*16400], Unseal{}, "ends too early"},
		"cut in a chunk":     {good[:len(good)-9], Unseal{}, "chunk 4 is damaged"},
		"cut in the header":  {good[:100], Unseal{}, "ends too early"},
		"longer":             {append(bytes.Clone(good), 0), Unseal{}, "chunk 4 is damaged"},
		"empty":              {nil, Unseal{}, "not a kmsplan envelope"},
		"plaintext":          {plain, Unseal{}, "not a kmsplan envelope"},
		"of a newer release": {bytes.Replace(good, []byte("envelope/v1"), []byte("envelope/v9"), 1), Unseal{}, "newer kmsplan"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r.write("bad.enc", tt.envelope, 0o600)
			r.write("out", []byte("old"), 0o600)
			wants(t, second(e.DecryptFile(t.Context(), r.path("bad.enc"), r.path("out"), tt.unseal, nil)), tt.say)
			wants(t, second(e.DecryptFile(t.Context(), r.path("bad.enc"), r.path("new/dir/out"), tt.unseal, nil)), tt.say)
			wants(t, second(e.Verify(t.Context(), r.path("bad.enc"), tt.unseal, nil)), tt.say)
			var stream bytes.Buffer
			wants(t, second(e.DecryptStream(t.Context(), &stream, bytes.NewReader(tt.envelope), tt.unseal, nil)), tt.say)
			if stream.Len() > 0 {
				t.Errorf("%d bytes reached the stream", stream.Len())
			}
			if string(r.read("out")) != "old" {
				t.Error("the old output is gone")
			}
		})
	}
	if slices.Contains(r.tree(), "new/dir/out") {
		t.Error("an output was made")
	}
}

// exchanged swaps the first two chunks.
func exchanged(b []byte, at int) []byte {
	out := bytes.Clone(b)
	copy(out[at:], b[at+16400:at+2*16400])
	copy(out[at+16400:], b[at:at+16400])
	return out
}

// TestKeysThatCannotOpen: gone, disabled, or of a gateway that this stack lacks. Each says so.
func TestKeysThatCannotOpen(t *testing.T) {
	r := newRig(t)
	key := r.aesKey()
	path := r.encrypted(r.engine(), "a", []byte("x"), Seal{Key: key})
	wants(t, second(r.engine(func(o *Options) { o.Keyring = ring{} }).Verify(t.Context(), path, Unseal{}, nil)), "no gateway of this stack reaches the key")
	stranger := newRig(t)
	wants(t, second(r.engine(func(o *Options) { o.Keyring = stranger.ring[:1] }).Verify(t.Context(), path, Unseal{}, nil)), "KeyNotFound")
	both := append(append(ring{}, stranger.ring[:1]...), r.ring...)
	r.must(second(r.engine(func(o *Options) { o.Keyring = both }).Verify(t.Context(), path, Unseal{}, nil)))
	r.must(r.public.DisableKey(t.Context(), key))
	wants(t, second(r.engine().Verify(t.Context(), path, Unseal{}, nil)), "Rejected.Disabled")
	wants(t, second(r.engine().EncryptFile(t.Context(), r.path("a"), r.path("deep/er/out"), Seal{Key: key}, nil)), "Rejected.Disabled")
	wants(t, second(r.engine().EncryptFile(t.Context(), r.path("a"), r.path("deep/er/out"), Seal{Gateway: "nowhere", Key: key}, nil)), "no such gateway")
	for _, name := range r.tree() {
		if name == "deep" {
			t.Error("a directory was made for an output that was not")
		}
	}
}

// TestRecipientsAreNotRepeated: a private key given as a recipient by mistake is not printed.
func TestRecipientsAreNotRepeated(t *testing.T) {
	r := newRig(t)
	id := ageIdentity(t)
	for text, say := range map[string]string{id.String(): "recipient 2 is a private key", "age1garbage": "recipient 2 is no age public key", "": "recipient 2 is no age public key"} {
		err := second(r.engine().EncryptStream(t.Context(), &bytes.Buffer{}, bytes.NewReader(nil), 0, "-",
			Seal{Key: "k", Recipients: []string{id.Recipient().String(), text}}, nil))
		wants(t, err, say)
		if text != "" && err != nil && bytes.Contains([]byte(err.Error()), []byte(text)) {
			t.Errorf("the error repeats it: %v", err)
		}
	}
}
