package apply

import (
	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// showData makes the values of data blocks visible to an instance that refers to them. Files that were to be
// written and are not have no key version and no commitment.
func (x *executor) showData(a addr.Address) {
	for _, d := range x.work.Config.DependsOn(a) {
		if d.Data {
			x.showBlock(d)
		}
	}
}

func (x *executor) showBlock(a addr.Address) {
	block := x.work.Config.Block(a.Block())
	if block == nil || !block.Referred || !block.Kind.File() {
		return
	}
	x.showData(a)
	body, diags := x.work.Config.Body(a, x.objects)
	if diags.HasErrors() {
		return // who evaluates it says so
	}
	var file *state.File
	if !x.awaited(a) {
		file = plan.Census{a.String(): x.filesOf(a.String())}.File(a, body)
	}
	x.objects.Set(a, plan.DataValue(block.Kind, body, file))
}

// showAllData is showData for the outputs.
func (x *executor) showAllData() {
	for _, b := range x.work.Config.Blocks {
		if !b.Kind.File() {
			continue
		}
		for _, a := range b.Instances {
			x.showBlock(a)
		}
	}
}

func (x *executor) awaited(a addr.Address) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.unwritten[a]
}

// wrote notes what a data block's files are now.
func (x *executor) wrote(a addr.Address, files []state.File) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.unwritten, a)
	x.kept[a.String()] = append(files, x.kept[a.String()]...)
}
