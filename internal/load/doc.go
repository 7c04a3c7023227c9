// Package load calls one thing from several workers for a while, and says how often and how fast it was answered. It is the
// engine of kmsplan bench; it knows nothing of KMS and imports nothing of ours. Internal/bench measures kmsplan itself and is
// something else.
//
// Start reading at run.go.
package load
