package crypt

import (
	"bytes"
	"crypto/subtle"
)

// pad returns a padded copy of data. Error: ErrSize when NO_PADDING is asked for
// and the data is not whole blocks, or the padding's name is unknown.
func pad(padding Padding, data []byte, block int) ([]byte, error) {
	switch padding {
	case NoPadding:
		if len(data) == 0 || len(data)%block != 0 {
			return nil, ErrSize
		}
		return bytes.Clone(data), nil
	case PKCS7, "":
		n := block - len(data)%block
		return append(bytes.Clone(data), bytes.Repeat([]byte{byte(n)}, n)...), nil
	}
	return nil, ErrSize
}

// unpad strips the padding of whole, non-empty blocks. Error: ErrDecrypt, after
// the same work whichever byte is wrong.
func unpad(padding Padding, data []byte, block int) ([]byte, error) {
	switch padding {
	case NoPadding:
		return data, nil
	case PKCS7, "":
	default:
		return nil, ErrDecrypt
	}
	n := int(data[len(data)-1])
	good := subtle.ConstantTimeLessOrEq(1, n) & subtle.ConstantTimeLessOrEq(n, block)
	for i := 1; i <= block; i++ {
		inside := subtle.ConstantTimeLessOrEq(i, n)
		same := subtle.ConstantTimeByteEq(data[len(data)-i], byte(n))
		good &= same | (1 ^ inside)
	}
	if good != 1 {
		return nil, ErrDecrypt
	}
	return data[:len(data)-n], nil
}
