// Package scratch keeps the plaintexts that other programs must see as files, for as long as they run: in a directory
// of one run's own, which nobody else may enter, in memory where the system has such a place. What a run that was
// killed left behind the next one removes.
//
// Of ours it imports durable, for locks. Start reading at Make.
package scratch
