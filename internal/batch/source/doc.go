// Package source is where the objects of a batch are and where they are written back: one interface, which the
// packages below it implement for files, S3, OSS and PostgreSQL. Package sourcetest holds every one of them to it.
//
// Of ours it imports nothing.
package source
