package cli

import "kmsplan.dev/kmsplan/internal/apply"

// joinHooks tells both receivers, for -json-into beside the human output.
func joinHooks(a, b apply.Hooks) apply.Hooks {
	return apply.Hooks{
		Started: func(s apply.Step) { call(a.Started, s); call(b.Started, s) },
		Progress: func(s apply.Step, operation string) {
			callWith(a.Progress, s, operation)
			callWith(b.Progress, s, operation)
		},
		Done:      func(s apply.Step, o apply.Outcome) { callWith(a.Done, s, o); callWith(b.Done, s, o) },
		Failed:    func(s apply.Step, o apply.Outcome) { callWith(a.Failed, s, o); callWith(b.Failed, s, o) },
		Skipped:   func(s apply.Step, o apply.Outcome) { callWith(a.Skipped, s, o); callWith(b.Skipped, s, o) },
		Recovered: func(r apply.Recovered) { call(a.Recovered, r); call(b.Recovered, r) },
	}
}

func call[T any](hook func(T), v T) {
	if hook != nil {
		hook(v)
	}
}

func callWith[V any](hook func(apply.Step, V), s apply.Step, v V) {
	if hook != nil {
		hook(s, v)
	}
}
