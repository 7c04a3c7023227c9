// Package apply carries out a plan: it walks the changes in dependency order with
// bounded concurrency, makes every mutating call durable in the journal before it is made,
// records what was done, and stores the new state. It also finds out what became of calls that an
// earlier run left open.
//
// Start reading at Run (a plan's execution, from lock to unlock) and Recover (what
// runs before every plan). schedule.go decides what runs when, step.go carries out one change,
// journal.go is what a handler writes to.
//
// It imports hcl, plan, resource, kind, state and addr; it makes no call itself, prints
// nothing, and knows no kind: handlers come in through Input.
package apply
