// Package s3test starts an S3 server of one test's own that dies between a write and its answer: gofakes3 in a process of
// its own, which keeps what it has in a file, behind a front that speaks TLS, ends that process with SIGKILL once the write is
// stored, cuts the client's connection, and starts it again for whoever asks next.
//
// Of ours it imports state/s3. Start reading at Start.
package s3test
