package stack

import "kmsplan.dev/kmsplan/internal/plan"

// Destroy makes the plans of what was surveyed take away all that the state holds, as far as nothing protects it.
// Files stay where they are.
func (s *Stack) Destroy() { s.Config = plan.Destroying(s.Config, s.State) }
