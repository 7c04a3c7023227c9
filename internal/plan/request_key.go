package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/kind"
)

// askRotation plans a new version of a key now (KMS: CreateKeyVersion: enabled symmetric keys whose material KMS made).
func (p *planner) askRotation(n *node) {
	if reason, ways := n.cannotRotate(); reason != "" {
		p.impossible(n, fmt.Sprintf("%s (%s) cannot be rotated: %s", n.addr, n.object.ID, reason), ways...)
		return
	}
	before := n.object.Attrs["primary_version"]
	if before == cty.NilVal {
		before = cty.NullVal(cty.String)
	}
	n.asks("CreateKeyVersion", "a new version becomes the primary one; every earlier one stays for decryption",
		AttrDiff{Name: "primary_version", Before: before, After: unknownText()})
	p.thenRewrap(n)
}

// cannotRotate is why KMS makes no new version of a key, with the ways on; "" when it does.
func (n *node) cannotRotate() (reason string, ways []string) {
	successor := "Declare a new key beside it, move aliases and files to that one, and retire the old one."
	spec, known := kind.LookupSpec(text(n.object.Attrs["spec"]))
	switch state := n.object.State; {
	case known && !spec.Symmetric:
		return fmt.Sprintf("it is asymmetric (%s), and KMS rotates symmetric keys only.", spec.Name), []string{successor, "Leave it as it is."}
	case text(n.object.Attrs["origin"]) == kind.OriginExternal:
		return "its material was imported (origin EXTERNAL), and KMS has no other material for it.", []string{successor, "Leave it as it is."}
	case state == StateDisabled:
		return "it is disabled, and KMS rotates enabled keys only.",
			[]string{"Enable it (enabled = true, and kmsplan apply), and rotate it then.", "Leave it as it is."}
	case state != "" && state != StateEnabled:
		return fmt.Sprintf("its state is %s, and KMS rotates enabled keys only.", state),
			[]string{"Wait until it is enabled, and rotate it then.", "Leave it as it is."}
	}
	return "", nil
}

// thenRewrap says which files of the census stay under the version that was the primary one, and what rewraps them.
func (p *planner) thenRewrap(n *node) {
	var files []string
	for _, f := range MovedFiles(p.in.Config, p.in.State.Files) {
		if f.KeyID == n.object.ID {
			files = append(files, f.Path)
		}
	}
	if len(files) == 0 {
		p.then("no file of this stack is encrypted under %s", n.addr)
		return
	}
	under, commands := p.filesUnder(n.object.ID), []string(nil)
	if len(under.blocks) > 0 {
		commands = append(commands, "`kmsplan run "+strings.Join(under.blocks, " ")+"`")
	}
	to, others := p.under(n, n.object.ID), sortedOnce(slices.Concat(under.loose, under.imported))
	if len(others) > MostPasted && len(under.imported) > 0 { // a list has the imported ones
		commands = append(commands, "`"+RewrapCommand(to, n.object.ID, "", under.imported)+"`")
		others = sortedOnce(under.loose)
	}
	if len(others) > 0 {
		commands = append(commands, fmt.Sprintf("`kmsplan rewrap -key %s %s`", to, strings.Join(others, " ")))
	}
	p.then("%d %s under an earlier version of %s now, and stale: %s. What is stale is decrypted as before; %s rewraps it",
		len(files), plural(len(files), "file is", "files are"), n.addr, strings.Join(listed(sortedOnce(files)), ", "), strings.Join(commands, " and "))
}
