// Package parts is the form in which a queue without a database keeps a manifest: chunk after chunk, each a line of JSON that
// says what the chunk is and how long the gzip of its entries is, and that gzip. A chunk is read without those before it, and
// what changed of its bytes since is noticed (gzip's CRC-32, and the number of its entries).
//
// Start reading at Append, then Decode. Of ours it imports batch and batch/queue.
package parts
