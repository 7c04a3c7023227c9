// Package batch is what a job over many objects is: the specification that its plan fixed, the entries of its manifest and
// the chunks they are worked in, how far each chunk is, and what failed. It is data, and calls nothing.
//
// The rooms below it: source is where objects are and are written back; manifest lists them; queue keeps a batch and hands
// its chunks to workers; quota keeps all workers together inside one rate of calls; work does what a batch does to one
// object, and to a chunk of them; report tells of it.
//
// Start reading at Spec, then Step. It imports nothing of ours.
package batch
