// Package usage reads what the service logged of the use of keys: the access log of an instance as Simple Log Service exports
// it, and events of ActionTrail, as JSON, JSON lines or CSV. It keeps who used which key version when, and nothing of what was
// encrypted. The files are foreign: every record is bounded, and what a field may hold is.
//
// Read read.go first; record.go says where each fact stands in either log. Of ours it imports state.
package usage
