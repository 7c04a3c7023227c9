// Package readers reads kmsplan's output with programs that nobody here wrote and that pipelines are made of: HashiCorp's
// reader of Terraform's JSON, Open Policy Agent, actionlint, and, where node is present, Microsoft's SARIF validator and
// gitlab-ci-local. It is a module of its own, so that none of them is a dependency of kmsplan.
//
// Start reading at world_test.go, which runs the real program in a module's directory with an emulator.
package readers
