package kind

import "slices"

// Removal is one way to let an object go: the action of a removed block.
type Removal struct {
	Action string // forget, retire, delete
	Doc    string // what happens
	Soak   Days   // between disabling an object and scheduling its deletion; the zero value = no soak
	Window Days   // how long the deletion can be taken back (KMS: ScheduleKeyDeletion 7-366, DeleteSecret 7-30)
}

// Days is a number of days that a removed block may set.
type Days struct{ Least, Most, Default int }

// Asked reports whether there is anything to set.
func (d Days) Asked() bool { return d.Most > 0 }

var forget = Removal{Action: "forget", Doc: "kmsplan stops managing the object and leaves it as it is."}

// Removal returns the way of that action, or nil.
func (k *Kind) Removal(action string) *Removal {
	if i := slices.IndexFunc(k.Removals, func(r Removal) bool { return r.Action == action }); i >= 0 {
		return &k.Removals[i]
	}
	return nil
}
