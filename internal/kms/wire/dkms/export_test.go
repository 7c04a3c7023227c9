package dkms

// ParseClientKeyWithin is ParseClientKey with another bound on the rounds of key derivation, which
// take nearly all of its time.
func ParseClientKeyWithin(file []byte, password string, iterations int64) (*ClientKey, error) {
	return parseClientKey(file, password, iterations)
}
