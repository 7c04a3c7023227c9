package ops

import (
	"bytes"
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestAFullDiskLeavesTheOldFile: the same on a file system that is full.
func TestAFullDiskLeavesTheOldFile(t *testing.T) {
	r := newRig(t)
	small := r.path("small")
	r.must(os.Mkdir(small, 0o755))
	if err := syscall.Mount("none", small, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("a small file system cannot be mounted here: %v", err)
	}
	defer func() { _ = syscall.Unmount(small, 0) }()
	e, seal := r.engine(), Seal{Key: r.aesKey()}
	envelope := r.encrypted(e, "a", pattern(1<<20, 1), seal)
	r.write("small/out", []byte("old"), 0o600)
	wants(t, second(e.EncryptFile(t.Context(), r.path("a"), r.path("small/out"), seal, nil)), syscall.ENOSPC.Error())
	wants(t, second(e.DecryptFile(t.Context(), envelope, r.path("small/out"), Unseal{}, nil)), syscall.ENOSPC.Error())
	r.write("a.yaml", []byte("a:\n"+strings.Repeat("  - some value\n", 10000)), 0o600)
	values := seal
	values.Values = &Values{}
	wants(t, second(e.EncryptFile(t.Context(), r.path("a.yaml"), r.path("small/out"), values, nil)), syscall.ENOSPC.Error())
	values.Values, values.InPlace = &Values{Format: "yaml"}, true
	own := bytes.Repeat([]byte("- v\n"), 20000)
	r.write("small/own", own, 0o600)
	wants(t, second(e.EncryptFile(t.Context(), r.path("small/own"), r.path("small/own"), values, nil)), syscall.ENOSPC.Error())
	if !bytes.Equal(r.read("small/own"), own) {
		t.Error("the source is gone")
	}
	if string(r.read("small/out")) != "old" {
		t.Error("the old file is gone")
	}
	r.tree()
}
