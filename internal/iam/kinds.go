package iam

import (
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
)

func (w *work) key(o *object) {
	apply := w.Purpose == Apply
	if o.prior == nil {
		w.newKey(o)
		return
	}
	t := w.keyTarget(o.gateway, o.prior.ID, o.addr.String())
	w.allow(t, "DescribeKey")
	if o.writes("policy") {
		w.allow(t, "GetKeyPolicy")
	}
	switch {
	case !apply:
	case w.succeeded[o.addr]:
		w.createKey(o)
		fallthrough
	case o.declared():
		w.allow(t, "CancelKeyDeletion")
		w.allow(t, o.changes()...)
		w.material(o, t)
		if o.prior.Address != o.addr.String() {
			w.allow(t, "TagResources")
		}
	default:
		w.retirement(o, t)
	}
}

// newKey is a key that state does not know: created, or taken up by its import block.
func (w *work) newKey(o *object) {
	im, imported := w.Config.ImportOf(o.addr)
	if imported {
		t := w.keyTarget(o.gateway, im.ID, o.addr.String())
		w.allow(t, "DescribeKey")
		if w.Purpose == Apply {
			w.allow(t, append(o.changes(), "CancelKeyDeletion")...)
			w.takesOver(im, t)
			w.material(o, t)
		}
		return
	}
	if w.Purpose == Apply {
		w.createKey(o)
	}
}

// createKey makes a key, and gives it what CreateKey does not.
func (w *work) createKey(o *object) {
	w.allow(target{resource: w.arn(o.gateway, "key")}, "CreateKey")
	if o.material() {
		t := w.keyTarget(o.gateway, "", o.addr.String())
		w.allow(t, "DescribeKey")
		w.material(o, t)
	}
	for i := range o.kind.Attributes {
		if at := &o.kind.Attributes[i]; at.AfterCreate && o.writes(at.Name) {
			w.allow(w.keyTarget(o.gateway, "", o.addr.String()), at.ChangedBy[0], "DescribeKey")
		}
	}
	if v := o.body.Attrs["enabled"]; o.writes("enabled") && !v.IsMarked() && v.IsKnown() && !v.IsNull() && v.False() {
		w.allow(w.keyTarget(o.gateway, "", o.addr.String()), "DisableKey", "DescribeKey")
	}
}

// takesOver marks an object as this stack's that another one had.
func (w *work) takesOver(im hcl.Import, t target) {
	if im.TakeOver != "" {
		w.allow(t, "TagResources")
	}
}

func (o *object) material() bool { _, written := o.body.Blocks["material"]; return written }

// material imports a key's own material, where the block has some.
func (w *work) material(o *object, t target) {
	if o.material() {
		w.allow(t, "GetParametersForImport", "ImportKeyMaterial")
	}
}

// retirement is a key whose block is gone.
func (w *work) retirement(o *object, t target) {
	removed := w.Config.RemovedFor(o.addr)
	if removed == nil || removed.Action != "retire" {
		return
	}
	w.allow(t, "DisableKey", "ScheduleKeyDeletion")
	if protected, _ := o.prior.Attributes["deletion_protection"].(bool); protected {
		w.allow(t, "SetDeletionProtection")
	}
}

func (w *work) alias(o *object) {
	if w.Purpose != Apply {
		return
	}
	if !o.declared() {
		if r := w.Config.RemovedFor(o.addr); (r == nil || r.Action == "delete") && !o.prior.Protected {
			key, _ := o.prior.Attributes["key"].(string)
			w.onAlias(o, o.prior.ID, key, "DeleteAlias")
		}
		return
	}
	calls := []string{"CreateAlias"}
	if o.prior != nil {
		calls = append(calls, "UpdateAlias")
	}
	w.onAlias(o, o.text("name"), o.text("key"), calls...)
	if o.prior != nil && o.prior.ID != o.text("name") {
		key, _ := o.prior.Attributes["key"].(string)
		w.onAlias(o, o.prior.ID, key, "DeleteAlias")
	}
}

// onAlias allows calls on an alias, which KMS counts as calls on its key as well.
func (w *work) onAlias(o *object, name, key string, calls ...string) {
	w.allow(target{resource: w.arn(o.gateway, name)}, calls...)
	w.allow(w.keyTarget(o.gateway, key, o.addr.String()), calls...)
}

func (w *work) rotation(o *object) {
	if !o.declared() {
		return
	}
	w.secretRotation(o)
	v, written := o.body.Attrs["keys"]
	if !written {
		return
	}
	v, _ = v.UnmarkDeep()
	known := plan.Strings(v)
	if w.Purpose == Apply && (!v.IsWhollyKnown() || len(known) == 0) {
		w.allow(w.keyTarget(o.gateway, "", o.addr.String()), "DescribeKey", "UpdateRotationPolicy")
	}
	for _, id := range known {
		t := w.keyTarget(o.gateway, id, o.addr.String())
		w.allow(t, "DescribeKey")
		if w.Purpose == Apply {
			w.allow(t, "UpdateRotationPolicy")
		}
	}
}

func (w *work) secretRotation(o *object) {
	v, written := o.body.Attrs["secrets"]
	if !written {
		return
	}
	v, _ = v.UnmarkDeep()
	names := plan.Strings(v)
	if !v.IsWhollyKnown() {
		names = append(names, "*")
	}
	for _, name := range names {
		t := target{resource: w.arn(o.gateway, "secret/"+name)}
		w.allow(t, "DescribeSecret", "ListSecretVersionIds")
		if w.Purpose == Apply {
			w.allow(t, "UpdateSecretRotationPolicy")
		}
	}
}

func (w *work) secret(o *object) {
	name := o.text("name")
	if o.prior != nil {
		name = o.prior.ID
	}
	im, imported := w.Config.ImportOf(o.addr)
	if imported && o.prior == nil {
		name = im.ID
	}
	taken := o.prior != nil || imported // it is there already
	t := target{resource: w.arn(o.gateway, "secret/"+name)}
	if taken {
		w.allow(t, "DescribeSecret", "ListSecretVersionIds")
		if o.writes("policy") {
			w.allow(t, "GetSecretPolicy")
		}
	}
	if w.Purpose != Apply {
		return
	}
	switch {
	case !o.declared():
		if r := w.Config.RemovedFor(o.addr); r != nil && (r.Action == "delete" || r.Action == hcl.TearDown) {
			w.allow(t, "DeleteSecret")
		}
		return
	case taken:
		w.allow(t, "RestoreSecret")
		w.allow(t, o.changes()...)
		switch {
		case o.prior == nil:
			w.takesOver(im, t)
		case o.prior.Address != o.addr.String():
			w.allow(t, "TagResources")
		}
		if _, generated := o.body.Blocks["generate"]; generated || o.writes("value") {
			w.allow(t, "PutSecretValue")
		}
	}
	w.allow(t, "DescribeSecret")
	if _, generated := o.body.Blocks["generate"]; !imported && (o.prior == nil || !generated) {
		w.allow(target{resource: w.arn(o.gateway, "secret")}, "CreateSecret")
		if o.writes("encryption_key") {
			w.allow(w.keyTarget(o.gateway, o.text("encryption_key"), o.addr.String()), "GenerateDataKey")
		}
	}
}

// accessPaths are how the service names what it knows by its name alone, and what lists and reads it.
var accessPaths = map[string]struct{ path, list, describe, users, read string }{
	plan.KindNetworkRule:  {"network/", "ListNetworkRules", "DescribeNetworkRule", "ListPolicies", "DescribePolicy"},
	plan.KindAccessPolicy: {"policy/", "ListPolicies", "DescribePolicy", "ListApplicationAccessPoints", "DescribeApplicationAccessPoint"},
	plan.KindAccessPoint:  {"applicationaccesspoint/", "ListApplicationAccessPoints", "DescribeApplicationAccessPoint", "ListClientKeys", ""},
}

// named is a network rule, an access policy or an access point.
func (w *work) named(o *object) {
	p := accessPaths[o.kind.Name]
	name := o.text("name")
	if o.prior != nil {
		name = o.prior.ID
	}
	t := target{resource: w.arn(o.gateway, p.path+name)}
	w.allow(target{resource: "*"}, p.list)
	_, imported := w.Config.ImportOf(o.addr)
	if o.prior != nil || imported || w.Purpose == Apply {
		w.allow(t, p.describe)
	}
	if !o.declared() {
		w.allow(target{resource: "*"}, p.users)
		if p.read != "" {
			w.allow(target{resource: w.arn(o.gateway, accessPathOf(p.read)+"*")}, p.read)
		}
	}
	switch r := w.Config.RemovedFor(o.addr); {
	case w.Purpose != Apply:
	case o.declared():
		w.allow(t, o.kind.CreatedBy)
		if o.prior != nil || imported {
			w.allow(t, o.changes()...)
		}
	case r != nil && r.Action == "delete", r == nil && o.kind.Goes && !o.prior.Protected:
		w.allow(t, o.kind.DeletedBy)
	}
}

// clientKey is a client key, whose id nobody knows before it is made.
func (w *work) clientKey(o *object) {
	w.allow(target{resource: "*"}, "ListClientKeys")
	t := target{resource: w.arn(o.gateway, "clientkey/*")}
	if o.prior != nil || w.Purpose == Apply {
		w.allow(t, "GetClientKey")
	}
	switch r := w.Config.RemovedFor(o.addr); {
	case w.Purpose != Apply:
	case o.declared():
		w.allow(target{resource: w.arn(o.gateway, "applicationaccesspoint/"+orAny(o.text("access_point")))}, "CreateClientKey")
		w.allow(t, "DeleteClientKey") // of those that others take the place of
	case r != nil && r.Action != "forget":
		w.allow(t, "DeleteClientKey")
	}
}

func orAny(name string) string {
	if name == "" {
		return "*"
	}
	return name
}

func accessPathOf(describe string) string {
	for _, p := range accessPaths {
		if p.describe == describe {
			return p.path
		}
	}
	return ""
}
