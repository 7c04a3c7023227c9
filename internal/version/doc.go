// Package version knows which kmsplan this is. What the module's required_version is held against, what
// the state's writer is called and what users report come from here, so that they never differ.
//
// It imports nothing of ours. Start reading at Number.
package version
