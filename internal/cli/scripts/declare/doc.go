// Package declare is what scripts show of the declarative side: keys, aliases, secrets and their state, planned and applied by
// commands as a person types them.
//
// It has nothing but its test; each file below testdata is a script for package clitest. See data for the rest.
package declare
