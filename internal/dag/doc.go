// Package dag orders things that wait for each other: topological order, ranks, and the
// shortest way around each cycle.
//
// It imports nothing of ours. Start reading at Graph.
package dag
