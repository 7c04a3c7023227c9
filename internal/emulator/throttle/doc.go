// Package throttle limits calls per second as the public gateway documents it:
// one token bucket per account, region and quota group, on the virtual clock.
//
// It may import package engine for the names of the groups. Start reading at
// profile.go, then limiter.go.
package throttle
