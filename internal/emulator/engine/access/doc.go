// Package access holds the operations on what opens the service and its instances:
// the service itself, instances, application access points with their policies and
// client keys, network rules; and the certificates, which are refused.
//
// It may import core, crypt, store and undocumented. Start reading at operations.go,
// then access_point.go.
package access
