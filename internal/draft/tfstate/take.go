package tfstate

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/draft"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/safety"
)

// Left is what of a state no block is drawn for, and what to do about it.
type Left struct {
	Address string `json:"address"`
	Why     string `json:"why"`
}

// Taken is the configuration that takes the objects of a state up.
type Taken struct {
	Blocks, Imports []draft.Block
	// Removed are the addresses of resources that Terraform may forget, without keys of instances.
	Removed []string
	Left    []Left
	Exposed []Exposed
	Count   map[string]int
}

// Take draws the objects of KMS in a state. where says on which gateway a region is; "" is the region of what does not
// say.
func Take(resources []Resource, where func(region string) draft.Place) Taken {
	t := &taking{where: where, known: draft.Known{}, names: draft.Names{}, regions: map[string]string{}, rotating: map[string][]*plan.Object{}, left: map[string]bool{}, out: Taken{Count: map[string]int{}}}
	for _, r := range resources {
		t.out.Exposed = append(t.out.Exposed, r.exposed()...)
	}
	for _, name := range order {
		for _, r := range resources {
			if r.Type == name && !r.Data {
				t.take(r)
			}
		}
		if name == keyType {
			t.policies()
		}
	}
	t.others(resources)
	t.keepWhole()
	return t.out
}

// keepWhole takes out of what Terraform forgets the resources of which an instance is left to it: a removed block is
// about all of them.
func (t *taking) keepWhole() {
	slices.Sort(t.out.Removed)
	t.out.Removed = slices.DeleteFunc(slices.Compact(t.out.Removed), func(a string) bool {
		kept := t.left[a] && !safety.Off(safety.TerraformWhole)
		if kept {
			t.out.Left = append(t.out.Left, Left{a, "some of its instances are left out, so that removed.tf has no block for it: move those away with terraform state mv, or let terraform state rm forget the others one by one"})
		}
		return kept
	})
}

const keyType = "alicloud_kms_key"

// order is that of the types, so that what others refer to comes first.
var order = []string{keyType, "alicloud_kms_alias", "alicloud_kms_secret", "alicloud_kms_network_rule", "alicloud_kms_policy", "alicloud_kms_application_access_point"}

// taking is a state while it is drawn.
type taking struct {
	where    func(region string) draft.Place
	known    draft.Known
	names    draft.Names
	regions  map[string]string // of keys, by id
	rotating map[string][]*plan.Object
	left     map[string]bool // addresses without keys, of what Terraform keeps
	out      Taken
}

func (t *taking) leave(r Resource, why string) {
	t.out.Left = append(t.out.Left, Left{r.Address(), why})
	if !goes(r.Type) {
		t.left[keyless(r.block())] = true
	}
}

// forget notes that Terraform may forget the resource.
func (t *taking) forget(r Resource) { t.out.Removed = append(t.out.Removed, keyless(r.block())) }

// take draws one resource.
func (t *taking) take(r Resource) {
	how := readings[r.Type]
	if kind.Lookup(how.kind, false) == nil {
		t.leave(r, "this version of kmsplan has no block for it: leave it in Terraform")
		return
	}
	id, attrs := how.object(r)
	if r.Deposed != "" {
		t.deposed(r, id)
		return
	}
	o := &plan.Object{Kind: how.kind, ID: id, Attrs: attrs, Tags: r.tags()}
	if other, twice := t.known[how.kind][id]; twice {
		t.leave(r, fmt.Sprintf("the state has the object %s twice, and %s stands for it", id, other))
		return
	}
	if why := unfit(r, o); why != "" {
		t.leave(r, why)
		return
	}
	if err := t.draw(r, o); err != nil {
		t.leave(r, "it cannot be declared: "+err.Error()+". Leave it in Terraform")
		return
	}
	t.forget(r)
}

// deposed names what a replacement left behind: Terraform deletes it in its next apply, unless it forgets the resource before.
func (t *taking) deposed(r Resource, id string) {
	t.out.Left = append(t.out.Left, Left{r.Address(), fmt.Sprintf("a replacement left %s behind, and Terraform deletes it in its next apply: put removed.tf in place before that, which forgets it too, and declare and import it by itself if anything still needs it", id)})
	t.forget(r)
}

// unfit says why an object is not taken up as it is.
func unfit(r Resource, o *plan.Object) string {
	switch {
	case o.ID == "":
		return "the state has no id of it: run terraform refresh and pull the state anew"
	case r.first("status", "key_state") == "PendingDeletion" || r.text("planned_delete_time") != "":
		return "it waits for its deletion, and an import would rescue it; if that is wanted, declare and import it by itself"
	case o.Tags[plan.TagOwner] != "":
		return fmt.Sprintf("it carries the tags of a kmsplan stack already: lineage %s", o.Tags[plan.TagOwner])
	}
	return ""
}

func (t *taking) draw(r Resource, o *plan.Object) error {
	region := t.region(r)
	place := t.where(region)
	a := t.names.Name(o.Kind, r.words())
	b, err := draft.Draw(a, o, place, t.known)
	if err != nil {
		delete(t.names, a)
		return err
	}
	imported, err := draft.ImportBlock(a, o.ID)
	if err != nil {
		return err
	}
	b.Comments = append([]string{"Terraform: " + r.Address()}, b.Comments...)
	if days := r.first("pending_window_in_days", "deletion_window_in_days"); days != "" && days != "0" {
		b.Comment("Terraform deletes it with a window of %s days; here removed { action = \"retire\", window_days = %s } says that.", days, days)
	}
	if on, _ := r.Attrs["enable_automatic_rotation"].(bool); on {
		b.Comment("KMS rotates it every %s, which is not managed.", r.text("rotation_interval"))
	}
	t.known.Set(o.Kind, o.ID, a)
	if o.Kind == plan.KindKey {
		t.regions[o.ID] = region
		if every := draft.Rotation(o); every != "" {
			at := place.Gateway + "\x00" + every
			t.rotating[at] = append(t.rotating[at], o)
		}
	}
	t.out.Blocks, t.out.Imports = append(t.out.Blocks, b), append(t.out.Imports, imported)
	t.out.Count[o.Kind]++
	return nil
}

// region is where an object is: by its ARN, or where its key is.
func (t *taking) region(r Resource) string {
	if parts := strings.Split(r.text("arn"), ":"); len(parts) > 3 {
		return parts[2]
	}
	return t.regions[r.first("key_id", "encryption_key_id")]
}

// policies draws a rotation policy for the keys that rotate alike.
func (t *taking) policies() {
	for _, at := range sortedNames(t.rotating) {
		gateway, every, _ := strings.Cut(at, "\x00")
		var keys []draft.Expr
		for _, o := range t.rotating[at] {
			keys = append(keys, draft.Reference(t.known[plan.KindKey][o.ID].String(), "id"))
		}
		a := t.names.Name(plan.KindRotation, "every_"+every)
		t.out.Blocks = append(t.out.Blocks, draft.RotationBlock(a, gateway, every, plan.KindKey, keys))
		t.out.Count[plan.KindRotation]++
	}
}

// others says what becomes of the rest of the provider's types for KMS.
func (t *taking) others(resources []Resource) {
	for _, r := range resources {
		_, read := readings[r.Type]
		why, said := instead[r.Type]
		switch {
		case r.Data || read:
		case said:
			t.leave(r, why)
			if goes(r.Type) {
				t.forget(r)
			}
		case strings.HasPrefix(r.Type, "alicloud_kms_"):
			t.leave(r, "kmsplan has no block for it: leave it in Terraform")
		}
	}
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
