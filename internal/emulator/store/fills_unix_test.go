//go:build unix

package store

import (
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// childFills writes until the file may not grow any more and checks what then
// happens. A file size limit is a full disk that needs no file system of its own.
func childFills(dir string) {
	signal.Ignore(syscall.SIGXFSZ)
	db := mustOpen(dir)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1 << 20, Max: 1 << 20}); err != nil {
		fmt.Println("setrlimit:", err)
		os.Exit(5)
	}
	for kept := range 1000 {
		err := db.Update(func(tx *Tx) error {
			notes.Put(tx, fmt.Sprint(kept), note{Text: strings.Repeat("x", 64<<10)})
			return nil
		})
		if err == nil {
			continue
		}
		if len(contents(db)) != kept {
			fmt.Println("the refused write is visible")
			os.Exit(6)
		}
		fmt.Printf("%d %v\n", kept, err)
		os.Exit(0)
	}
	fmt.Println("the disk was never full")
	os.Exit(7)
}
