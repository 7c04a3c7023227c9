package iam

import (
	"slices"

	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/plan"
)

// batches goes through the batch blocks, for a worker: key operations on the key that objects come under, and on those that
// they are under, as far as state knows. What the store of the objects has to allow is said in notes: it is none of KMS's.
func (w *work) batches() {
	for _, b := range w.Config.Batches {
		if !w.concerns(b.GatewayName()) {
			continue
		}
		signs := w.signs(w.gateway(b.GatewayName()))
		for _, a := range b.Instances {
			body, _ := w.Config.Body(a, w.objects)
			o := &object{addr: a, kind: b.Kind, gateway: b.GatewayName(), body: body}
			w.note("%s", sourceRights(o))
			if list := inventoryRights(o); list != "" {
				w.note("%s", list)
			}
			w.batch(o, signs)
		}
	}
	if len(w.Config.Batches) > 0 {
		w.stateRights()
	}
}

func (w *work) batch(o *object, signs bool) {
	if o.writes("key") {
		t := w.keyTarget(o.gateway, w.keyNamed(o.gateway, o.text("key")), o.addr.String())
		// What key operations do not tell: the primary version, and which versions came after the batch's target.
		w.allow(t, "DescribeKey", "ListKeyVersions")
		switch {
		case signs:
		case o.text("action") == kind.BatchRewrap:
			w.allow(t, "Encrypt", "Decrypt")
		case o.text("action") == kind.BatchVerify:
			w.allow(t, "Decrypt")
		default:
			w.allow(t, "GenerateDataKey", "Decrypt")
		}
	}
	if signs || o.text("action") == kind.BatchEncrypt {
		return
	}
	keys, all := w.keysOfObjects(o)
	for _, id := range keys {
		w.allow(w.keyTarget(o.gateway, id, o.addr.String()), "Decrypt")
	}
	if !all {
		w.allow(target{resource: w.arn(o.gateway, "key/*")}, "Decrypt")
		w.note("State does not know yet under which keys the objects of %s are: the policy lets it decrypt under every key. Print it again once the batch is planned.", o.addr)
	}
}

// keysOfObjects are the keys that state knows objects of a batch to be under; all = there are no others.
func (w *work) keysOfObjects(o *object) (keys []string, all bool) {
	for _, e := range plan.MovedBatches(w.Config, w.State.Batches) {
		if e.Address != o.addr.String() {
			continue
		}
		all = e.Whole || e.Unread == 0
		keys = append(keys, e.Keys()...)
	}
	slices.Sort(keys)
	return slices.Compact(keys), all
}
