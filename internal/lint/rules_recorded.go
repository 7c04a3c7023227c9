package lint

import (
	"slices"
	"time"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
)

// What KMS keeps of a secret, and how early an expiry is told of.
const (
	maxVersions  = 10 // KMS: PutSecretValue
	manyVersions = 8
	soon         = 30 * day
)

// recordedRules look at what a state or a saved plan has recorded.
func recordedRules() []*Rule {
	return []*Rule{
		{
			ID: "KP011", Name: "secret-versions", Severity: Note, Title: "Secret close to losing its oldest version", Recorded: true,
			Why:    "KMS keeps ten versions of a secret. The eleventh takes the place of the oldest, without a word; who still reads that one by its id fails.",
			Fix:    "Look who reads old versions before the next value is stored.",
			Source: "KMS: PutSecretValue, 10 versions",
			check: func(p *pass) {
				for _, o := range p.Recorded {
					if n := len(o.Versions); o.Addr.Kind == "secret" && n > manyVersions {
						p.recorded(o.Addr, "%s has %d of %d versions that this stack has written.", o.Addr, min(n, maxVersions), maxVersions)
					}
				}
			},
		},
		{
			ID: "KP014", Name: "material-expires", Severity: Error, Title: "Imported key material that expires", Recorded: true,
			Why:    "When imported material expires KMS deletes it, and the key neither encrypts nor decrypts until the same material is imported again.",
			Fix:    "Write a later `expires` in the key's `material` block and apply, which imports the material again, before that.",
			Source: "KMS: ImportKeyMaterial, KeyMaterialExpireUnix",
			check: func(p *pass) {
				for _, o := range p.Recorded {
					switch at, ok := o.time("material_expires"); {
					case !ok || at.Sub(p.Now) >= soon:
					case at.Before(p.Now):
						p.recorded(o.Addr, "The material of %s has expired on %s.", o.Addr, at.Format(time.DateOnly))
					default:
						p.recorded(o.Addr, "The material of %s expires on %s, in %d days.", o.Addr, at.Format(time.DateOnly), at.Sub(p.Now)/day)
					}
				}
			},
		},
		{
			ID: "KP041", Name: "break-glass-drill", Severity: Warning, Title: "Break-glass that nobody tried lately", Recorded: true,
			Why:    "A recipient helps on the day when its identity is found, is read, and opens the files of that day. Whoever tries it first on that day learns too late that it does not.",
			Fix:    "Fetch the identity, and run `kmsplan drill -identity FILE`, which opens a sample of the files by it alone and records when that was.",
			Source: "docs/census.md, Drills",
			check:  (*pass).undrilled,
		},
		{
			ID: "KP037", Name: "waits-for-deletion", Severity: Error, Title: "Key or secret that waits for deletion", Recorded: true,
			Why:    "When its window ends it is gone, and with it what only it decrypts. Nothing can be encrypted or decrypted with it meanwhile.",
			Fix:    "Where a block declares it, `kmsplan apply` takes it out of its window. For another, ask its owner, and run `kmsplan rescue ID`.",
			Source: "KMS: ScheduleKeyDeletion, CancelKeyDeletion; DeleteSecret, RestoreSecret",
			check:  (*pass).waiting,
		},
		{
			ID: "KP038", Name: "spent-block", Severity: Note, Title: "Block that has done its work", Recorded: true,
			Why:    "An import, moved or removed block whose work is done says nothing any more, and the next reader takes it for something that is to come.",
			Fix:    "Take the block out, once every stack that uses the module has applied it.",
			Source: "docs/language.md, Leaving, renaming, adopting",
			check:  (*pass).spent,
		},
	}
}

// recorded records a finding at the block that declares the object, or at no place.
func (p *pass) recorded(a addr.Address, format string, args ...any) {
	var at hclv2.Range
	if b := p.Config.Block(a); b != nil {
		at = b.Range
	}
	p.report(at, a.String(), format, args...)
}

// time reads an attribute that is a time.
func (o Object) time(attribute string) (time.Time, bool) {
	text, _ := o.Attributes[attribute].(string)
	at, err := time.Parse(time.RFC3339, text)
	return at, err == nil && !at.IsZero()
}

func (p *pass) waiting() {
	told := map[addr.Address]bool{}
	for _, w := range p.Waiting {
		if w.Addr.Kind == "" {
			p.report(hclv2.Range{}, "", "The key %s, which no block here declares, is deleted on %s.", w.ID, w.DeleteAt.UTC().Format(time.DateOnly))
			continue
		}
		told[w.Addr] = true
		if slices.ContainsFunc(p.Config.Removed, func(r hcl.Removed) bool { return r.From == w.Addr }) {
			continue // that is what its removed block asks for
		}
		p.recorded(w.Addr, "%s is deleted on %s.", w.Addr, w.DeleteAt.UTC().Format(time.DateOnly))
	}
	for _, o := range p.Recorded {
		state, _ := o.Attributes["state"].(string)
		_, planned := o.time("planned_delete_time")
		if (state == "PendingDeletion" || planned) && !told[o.Addr] && p.Config.Block(o.Addr) != nil {
			p.recorded(o.Addr, "%s was last seen to wait for deletion.", o.Addr)
		}
	}
}

func (p *pass) spent() {
	if p.Recorded == nil {
		return
	}
	there := map[addr.Address]bool{}
	for _, o := range p.Recorded {
		there[o.Addr], there[o.Addr.Block()] = true, true
		for _, m := range o.Addr.Module.Steps() {
			call, _ := m.Call()
			there[addr.Address{Module: m}], there[addr.Address{Module: call}] = true, true
		}
	}
	for _, im := range p.Config.Imports {
		if there[im.To] {
			p.report(im.Range, im.To.String(), "%s is in the state already.", im.To)
		}
	}
	for _, m := range p.Config.Moved {
		if !m.From.Data && there[m.To] && !there[m.From] {
			p.report(m.Range, m.To.String(), "%s is %s in the state already.", m.From, m.To)
		}
	}
	for _, r := range p.Config.Removed {
		if !there[r.From] {
			p.report(r.Range, r.From.String(), "%s is not in the state any more.", r.From)
		}
	}
}
