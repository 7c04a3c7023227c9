package cli

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"

	"kmsplan.dev/kmsplan/internal/view"
)

// muteCommands keeps GitHub Actions from taking a line that is meant for people, with texts of others in it, for a
// command to the runner: until the token, which nobody can guess, comes again.
func (a *app) muteCommands() {
	a.unmute = rand.Text()
	fmt.Fprintf(a.proc.Stdout, "::stop-commands::%s\n", a.unmute)
}

// writeGitHub ends the part for people, and appends the step's summary and outputs to the files that the runner names.
func (a *app) writeGitHub(told *view.Told) error {
	fmt.Fprintf(a.proc.Stdout, "::%s::\n", a.unmute)
	return errors.Join(
		a.appendTo("GITHUB_STEP_SUMMARY", told.GitHubSummary()),
		a.appendTo("GITHUB_OUTPUT", told.GitHubOutputs()))
}

// appendTo appends to the file that a variable names, where it does.
func (a *app) appendTo(variable string, text []byte) error {
	name := a.getenv(variable)
	if name == "" {
		return nil
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("append to the file of %s: %w", variable, err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("append to the file of %s: %w", variable, err)
	}
	return nil
}
