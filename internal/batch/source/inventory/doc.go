// Package inventory reads lists of objects in place of a listing: inventories of S3 and OSS (manifest.json and its files of
// CSV), manifests of S3 Batch Operations, and plain lists of names. What it tells is sorted by name, each name once, in memory
// that does not grow with the list: it sorts in temporary files of a private directory, and merges them.
//
// A list is as old as it is: objects that came since are not in it, and what is gone is met as such by whoever opens it.
// Entries of another bucket are refused; older versions and delete markers are left out, and counted.
//
// Of ours it imports batch/source. Start reading at Manifest, then sorter.
package inventory
