package iam

import (
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/plan"
)

// files goes through the data blocks. Where a client key signs, RAM is not asked for key operations.
func (w *work) files() {
	for _, b := range w.Config.Blocks {
		if b.Kind.Class != kind.FileClass || !w.concerns(b.GatewayName()) {
			continue
		}
		g := w.gateway(b.GatewayName())
		for _, a := range b.Instances {
			body, _ := w.Config.Body(a, w.objects)
			w.file(&object{addr: a, kind: b.Kind, gateway: b.GatewayName(), body: body}, g)
		}
	}
}

func (w *work) gateway(name string) *hcl.Gateway {
	for _, g := range w.Config.Gateways {
		if g.Name == name {
			return g
		}
	}
	return &hcl.Gateway{Name: name}
}

// signs reports whether a client key signs a gateway's key operations, as an emulator's own always does: RAM is not asked for
// them.
func (w *work) signs(g *hcl.Gateway) bool {
	if g.Emulator != nil {
		w.note("The client key of the emulator signs the key operations of gateway %q. A gateway of the service without client_key needs permissions for them: print the policy with that gateway's block.", g.Name)
		return true
	}
	return g.Instance != nil && g.Instance.ClientKey != nil
}

func (w *work) file(o *object, g *hcl.Gateway) {
	signs := w.signs(g)
	if o.kind.Name == "decrypt" {
		if !signs {
			w.allow(w.keyTarget(o.gateway, w.keyOfSource(o), o.addr.String()), "Decrypt")
		}
		return
	}
	t := w.keyTarget(o.gateway, w.keyNamed(o.gateway, o.text("key")), o.addr.String())
	if g.Public != nil || g.Emulator != nil {
		w.allow(t, "DescribeKey")
	}
	switch {
	case signs:
	case o.kind.Name == "encrypt":
		w.allow(t, "GenerateDataKey", "Decrypt")
	default:
		w.allow(t, "Encrypt", "Decrypt")
	}
}

// keyNamed is the id of a key that a data block names by its id, its ARN or an alias.
func (w *work) keyNamed(gateway, name string) string {
	switch {
	case strings.HasPrefix(name, "acs:"):
		_, id, _ := strings.Cut(name, ":key/")
		return id
	case !strings.HasPrefix(name, kind.AliasPrefix):
		return name
	}
	for i := range w.State.Resources {
		if r := &w.State.Resources[i]; r.Kind == plan.KindAlias && r.Gateway == gateway && r.ID == name {
			key, _ := r.Attributes["key"].(string)
			return key
		}
	}
	return ""
}

// keyOfSource is the id of the key that the stack's census has for the envelope that a block decrypts: one of that
// path, or one that a block writes which this one refers to.
func (w *work) keyOfSource(o *object) string {
	from := w.Config.DependsOn(o.addr)
	for _, f := range w.State.Files {
		if f.Path == o.text("source") || slices.ContainsFunc(from, func(a addr.Address) bool { return a.String() == f.Address }) {
			return f.KeyID
		}
	}
	return ""
}
