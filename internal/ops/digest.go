package ops

import "os"

// Digest is the SHA-256 of a regular file below root.
func Digest(root *os.Root, name string) ([]byte, error) {
	f, _, err := openRegular(place{root: root, name: slash(name)}, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sum, err := digestOf(f)
	return sum[:], err
}
