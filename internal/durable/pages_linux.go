package durable

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// ReleaseImage gives back the memory that pages of the program's own file take: most of them served the start alone. What is
// used again is mapped again from the file, unchanged. It is called once, before long work in little memory; where it
// cannot be done nothing happens.
func ReleaseImage() {
	own, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer maps.Close()
	lines := bufio.NewScanner(maps)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 6 || fields[5] != own || !strings.HasPrefix(fields[1], "r") || strings.Contains(fields[1], "w") {
			continue // what may be written has content that the file has not
		}
		var from, to uintptr
		if _, err := fmt.Sscanf(fields[0], "%x-%x", &from, &to); err == nil {
			_, _, _ = unix.Syscall(unix.SYS_MADVISE, from, to-from, unix.MADV_DONTNEED)
		}
	}
}
