package apply

import (
	"slices"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// moveGateways records the objects of moved gateways under their new name, each by itself: after a crash in between, the
// moved block is followed for the rest. While a call on a gateway is open nothing of it is recorded: an object's record
// would close its call, and the open one is found by the old name.
func moveGateways(j *state.Journal, p *plan.Plan, st state.State, open []state.Intent, report *Report) (state.State, error) {
	var records []state.Entry
	for _, m := range p.MovedGateways {
		if slices.ContainsFunc(open, func(in state.Intent) bool { return in.Gateway == m.From }) {
			continue
		}
		report.Moved++
		for _, r := range st.Resources {
			if r.Gateway == m.From {
				r.Gateway = m.To
				records = append(records, state.Record(r))
			}
		}
	}
	if len(records) == 0 {
		return st, nil
	}
	if err := j.Append(records...); err != nil {
		return st, err
	}
	at, err := j.Position()
	return at.State, err
}
