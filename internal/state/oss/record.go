package oss

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
)

// kind says what a record is.
type kind byte

const (
	headRecord    kind = 'h' // its body is a head
	pointerRecord kind = 'p' // its body is the name of the log that follows this one
)

// trailer ends a record: magic, kind, the body's length, where the record begins, and the SHA-256 over all of it and
// the log's name, so that a record counts at its own place only.
const trailer = 8 + 8 + 8 + 8 + sha256.Size

const magic = "kmsplan\x01"

func encodeRecord(log string, at int64, k kind, body []byte) []byte {
	end := make([]byte, 0, trailer)
	end = append(end, magic...)
	end = binary.BigEndian.AppendUint64(end, uint64(k))
	end = binary.BigEndian.AppendUint64(end, uint64(len(body)))
	end = binary.BigEndian.AppendUint64(end, uint64(at))
	end = append(end, recordSum(log, end, body)...)
	return append(bytes.Clone(body), end...)
}

func recordSum(log string, end, body []byte) []byte {
	h := sha256.New()
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(log))))
	h.Write([]byte(log))
	h.Write(end)
	h.Write(body)
	return h.Sum(nil)
}

var errRecord = errors.New("its last record is not whole, or not of kmsplan")

// recordStart reads where the last record of a log of that size begins, from the log's last bytes.
func recordStart(size int64, last []byte) (start int64, err error) {
	if len(last) < trailer {
		return 0, errRecord
	}
	end := last[len(last)-trailer:]
	length, at := binary.BigEndian.Uint64(end[16:]), binary.BigEndian.Uint64(end[24:])
	if string(end[:8]) != magic || length > uint64(size) || at > uint64(size) || at+length+trailer != uint64(size) {
		return 0, errRecord
	}
	return int64(at), nil
}

// decodeRecord reads a record whole.
func decodeRecord(log string, record []byte) (kind, []byte, error) {
	body, end := record[:len(record)-trailer], record[len(record)-trailer:]
	if !bytes.Equal(end[32:], recordSum(log, end[:32], body)) {
		return 0, nil, errRecord
	}
	k := kind(end[15])
	if binary.BigEndian.Uint64(end[8:]) != uint64(k) || k != headRecord && k != pointerRecord {
		return 0, nil, errRecord
	}
	return k, body, nil
}
