package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/draft"
	"kmsplan.dev/kmsplan/internal/draft/tfstate"
	"kmsplan.dev/kmsplan/internal/hcl"
)

// fromTerraform is what import-from-terraform was asked to do.
type fromTerraform struct {
	vars        variables
	out, config string
	json        bool
}

// importFromTerraformCommand draws the objects of a Terraform state.
func (a *app) importFromTerraformCommand() *cobra.Command {
	var o fromTerraform
	c := &cobra.Command{
		Use: "import-from-terraform FILE.tfstate|-", Short: "Write the configuration that takes keys and secrets over from Terraform", GroupID: groupState, Args: cobra.ExactArgs(1),
		Long: `Read a Terraform or OpenTofu state (version 4, as terraform state pull gives it, or the answer of
terraform show -json) and write three new files: terraform.kms.hcl declares the objects of KMS in it,
imports.kms.hcl takes them up, and removed.tf lets Terraform forget them without destroying anything.

Nothing is called and nothing is changed. No secret's value is copied: where the state holds one in clear,
its address is named, and it should be rotated. What no block stands for is named, with what to do about it.
-config names Terraform's configuration, to say where its blocks are and what refers to them.`,
		RunE: func(_ *cobra.Command, args []string) error { return a.runFromTerraform(&o, args[0]) },
	}
	o.vars.flags(c)
	c.Flags().StringVar(&o.out, "out", ".", "write to new files in `DIR`")
	c.Flags().StringVar(&o.config, "config", "", "Terraform's configuration, a `DIR` of *.tf files")
	c.Flags().BoolVar(&o.json, "json", false, "print JSON")
	return c
}

func (a *app) runFromTerraform(o *fromTerraform, name string) error {
	a.answerIn(o.json)
	var doc bytes.Buffer
	if err := a.readInto(&doc, name); err != nil {
		return err
	}
	resources, err := tfstate.Read(doc.Bytes())
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	cfg, _ := a.load(&o.vars, true) // of a module that does not load, its gateways as far as they do
	places := &places{cfg: cfg}
	taken := tfstate.Take(resources, places.of)
	uses, err := a.terraformUses(o.config, taken.Removed)
	if err != nil {
		return err
	}
	files := takenFiles(cfg, o.out, places.missing, taken)
	if err := a.writeNew("-out", files); err != nil {
		return err
	}
	a.taken(taken, uses, files)
	return nil
}

// terraformUses reads Terraform's configuration.
func (a *app) terraformUses(dir string, addresses []string) ([]tfstate.Use, error) {
	if dir == "" {
		return nil, nil
	}
	root, err := os.OpenRoot(a.path(dir))
	if err != nil {
		return nil, fmt.Errorf("-config: %w", err)
	}
	defer root.Close()
	return tfstate.Uses(root.FS(), addresses)
}

// places finds the gateways of regions, and makes blocks for those that the module has not.
type places struct {
	cfg     *hcl.Config
	missing []draft.Block
	made    []string
}

func (p *places) of(region string) draft.Place {
	for i, g := range p.cfg.Gateways {
		if g.Region == region || region == "" || g.Emulator != nil && g.Region == "" {
			return placeOf(g, i == 0)
		}
	}
	if region == "" && len(p.made) == 0 {
		return draft.Place{}
	}
	if region == "" {
		region = p.made[0]
	}
	name := draft.Identifier(region)
	if text, err := draft.Text(region); err == nil && !slices.Contains(p.made, region) {
		b := draft.Block{Type: "gateway", Labels: []string{name}, Blocks: []draft.Block{{Type: "public"}}}
		b.Set("region", text)
		p.missing, p.made = append(p.missing, b), append(p.made, region)
	}
	if len(p.cfg.Gateways) == 0 && region == p.made[0] {
		name = ""
	}
	return draft.Place{Gateway: name}
}

func placeOf(g *hcl.Gateway, first bool) draft.Place {
	where := draft.Place{Gateway: g.Name}
	if first {
		where.Gateway = ""
	}
	switch {
	case g.Emulator != nil:
		where.Instance = draft.UnknownInstance
	case g.Instance != nil:
		where.Instance = g.Instance.ID
	}
	return where
}

// takenFiles are the files that are written, without those that would be empty.
func takenFiles(cfg *hcl.Config, dir string, gateways []draft.Block, taken tfstate.Taken) (files []newFile) {
	add := func(name string, source []byte) {
		if len(source) > 0 {
			files = append(files, newFile{filepath.Join(dir, name), string(source)})
		}
	}
	if len(gateways) > 0 {
		if name := gatewayFile(cfg, "terraform"); name != "" {
			add(name, draft.Source(gateways))
			gateways = nil
		}
	}
	add("terraform"+sourceEnding, draft.Source(append(gateways, taken.Blocks...)))
	add("imports"+sourceEnding, draft.Source(taken.Imports))
	add("removed"+terraformEnding, tfstate.RemovedSource(taken.Removed))
	return files
}

// taken says what was written, what was left, and where Terraform's state holds secrets.
func (a *app) taken(taken tfstate.Taken, uses []tfstate.Use, files []newFile) {
	lines := []string{"From Terraform: " + counted(taken.Count) + "."}
	for _, f := range files {
		lines = append(lines, "Wrote "+f.Path+".")
	}
	for _, l := range taken.Left {
		lines = append(lines, fmt.Sprintf("Left out: %s: %s.", l.Address, l.Why))
	}
	for _, u := range uses {
		if u.Declares {
			lines = append(lines, fmt.Sprintf("%s:%d: delete %s from Terraform's configuration when removed.tf goes into it.", u.File, u.Line, u.Address))
			continue
		}
		lines = append(lines, fmt.Sprintf("%s:%d: refers to %s: write its id, or look it up with a data source.", u.File, u.Line, u.Address))
	}
	for _, e := range taken.Exposed {
		lines = append(lines, fmt.Sprintf("A secret stands in clear in the Terraform state: %s (%s). Rotate it: %s. Older copies of the state have it too.", e.Address, e.Attribute, e.Do))
	}
	if len(files) > 0 {
		lines = append(lines, "Review the files, and run kmsplan plan: it shows imports only. After kmsplan apply, put removed.tf into Terraform's configuration in place of its blocks, and run terraform plan: it forgets them and destroys nothing.")
	}
	if uses == nil {
		uses = []tfstate.Use{}
	}
	a.view.Result(map[string]any{"files": paths(files, "-"), "objects": taken.Count, "left": taken.Left, "exposed": taken.Exposed, "terraform": uses}, lines...)
}
