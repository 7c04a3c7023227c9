package cli

import "strings"

// confirms asks a question that has yes or no for an answer. Where nobody can be asked the answer is no.
func (a *app) confirms(question string, usual bool) bool {
	if _, ok := a.keyboard(); !ok || !a.asks() {
		return false
	}
	choice := " [y/N] "
	if usual {
		choice = " [Y/n] "
	}
	a.term.Prompt(question + choice)
	text, err := a.answers().ReadString('\n')
	if err != nil {
		a.term.Prompt("\n")
		return false
	}
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "y", "yes":
		return true
	case "":
		return usual
	}
	return false
}
