package oss

// The records of a log, for tests that write what kmsplan would not.
var Record = encodeRecord

const (
	HeadRecord    = headRecord
	PointerRecord = pointerRecord
)
