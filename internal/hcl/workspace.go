package hcl

import "cmp"

// defaultWorkspace is the one that every stack has; package state says what a workspace is.
const defaultWorkspace = "default"

func (in Inputs) workspace() string { return cmp.Or(in.Workspace, defaultWorkspace) }
