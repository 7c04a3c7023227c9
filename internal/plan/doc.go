// Package plan decides what apply will do. It is pure: a plan is a function of
// the configuration, the state, a snapshot of the service and the time, and the
// same inputs give the same plan, byte for byte.
//
// It imports the language (hcl, kind, addr), the state model and go-cty. It
// never imports a gateway client, net/http or TLS; a test holds that with
// go list -deps. Everything is looked up in maps, so that planning is linear in
// the number of objects.
//
// Start reading at Calculate, then Decide, which is the truth table.
package plan
