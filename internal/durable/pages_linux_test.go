package durable

import (
	"bytes"
	"fmt"
	"os"
	"testing"
)

// fileRSS is how much of mapped files is in memory, KiB.
func fileRSS(t *testing.T) (n int) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	_, rest, _ := bytes.Cut(status, []byte("RssFile:"))
	if _, err := fmt.Sscan(string(rest), &n); err != nil {
		t.Skip(err)
	}
	return n
}

func TestThePagesOfTheProgramAreGivenBackAndComeAgain(t *testing.T) {
	before := fileRSS(t)
	ReleaseImage()
	after := fileRSS(t)
	if after >= before {
		t.Errorf("%d KiB of files are in memory, %d before", after, before)
	}
	if got := fmt.Sprintf("%v %x", []string{"still"}, 48879); got != "[still] beef" {
		t.Errorf("the program does not run on as before: %s", got)
	}
}
