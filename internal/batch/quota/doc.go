// Package quota keeps all workers of a batch together inside one rate of calls. A bucket hands out slots: stretches of
// time in which one worker may begin so many calls, evenly. Slots do not overlap, so that what all workers do together
// is never above the rate, in any second; and a worker that dies takes one slot with it and nothing more.
//
// Read bucket.go, then limited.go, which is a Cryptographer that keeps to one. Of ours it imports kms.
package quota
