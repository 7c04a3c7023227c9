package plan

// CalculateWithout plans with some guards switched off.
func CalculateWithout(in Input, guards ...string) *Plan {
	in.without = guards
	p, _ := Calculate(in)
	return p
}

// GuardNames are the guards in the order they are walked.
func GuardNames() []string {
	var out []string
	for _, g := range guards {
		out = append(out, g.name)
	}
	return out
}
