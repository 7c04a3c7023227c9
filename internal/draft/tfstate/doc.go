// Package tfstate reads a Terraform or OpenTofu state for the objects of Alibaba Cloud KMS in it, and draws the
// configuration that takes them up. It never keeps a value of the state that is a secret: it says where one is.
//
// It imports draft, plan and kind. Start reading at Read in state.go, then Take in take.go and the table in kinds.go.
package tfstate
