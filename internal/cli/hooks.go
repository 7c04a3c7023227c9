package cli

import "kmsplan.dev/kmsplan/internal/apply"

// joinHooks tells both receivers, for -json-into beside the human output.
func joinHooks(a, b apply.Hooks) apply.Hooks {
	return apply.Hooks{
		Started:   func(s apply.Step) { call(a.Started, s); call(b.Started, s) },
		Done:      func(s apply.Step, o apply.Outcome) { callOut(a.Done, s, o); callOut(b.Done, s, o) },
		Failed:    func(s apply.Step, o apply.Outcome) { callOut(a.Failed, s, o); callOut(b.Failed, s, o) },
		Skipped:   func(s apply.Step, o apply.Outcome) { callOut(a.Skipped, s, o); callOut(b.Skipped, s, o) },
		Recovered: func(r apply.Recovered) { call(a.Recovered, r); call(b.Recovered, r) },
	}
}

func call[T any](hook func(T), v T) {
	if hook != nil {
		hook(v)
	}
}

func callOut(hook func(apply.Step, apply.Outcome), s apply.Step, o apply.Outcome) {
	if hook != nil {
		hook(s, o)
	}
}
