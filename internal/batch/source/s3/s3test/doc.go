// Package s3test is a store for tests of what writes objects to S3: a gofakes3, which runs beside, behind a front that adds
// what gofakes3 has not and S3 has: If-Match on reads and on CompleteMultipartUpload, UploadPartCopy with its condition, tags,
// and the headers of a content that gofakes3 drops. The front counts writes, loses answers and fails calls where a test wants
// that; Without takes abilities away again.
//
// Start reading at Start. Of ours it imports nothing.
package s3test
