package view

import "slices"

// Form is a form of report: what a Told was told, as one document.
type Form struct {
	Name     string
	Commands []string // that have it
	Doc      string   // what it is, for help
	Render   func(*Told) ([]byte, error)
}

// FormGitHub has more places than one to write to.
const FormGitHub = "github"

// Forms are all forms of report, by name.
func Forms() []Form {
	return []Form{
		{FormGitHub, []string{"lint", "plan", "drift", "check-staged"}, "annotations of GitHub Actions, with step summary and outputs", github},
		{"gitlab", []string{"lint", "check-staged"}, "GitLab's code quality report", codeQuality},
		{"gitlab", []string{"plan"}, "GitLab's terraform report", gitlabTerraform},
		{"junit", []string{"lint", "plan", "drift", "check-staged"}, "JUnit's XML", junitXML},
		{"markdown", []string{"lint", "plan", "drift", "check-staged"}, "a comment for a pull request", markdown},
		{"sarif", []string{"lint", "plan", "drift", "check-staged"}, "SARIF 2.1.0, for code scanning", sarif},
	}
}

// FormsOf are the names of the forms that a command has.
func FormsOf(command string) (names []string) {
	for _, f := range Forms() {
		if slices.Contains(f.Commands, command) {
			names = append(names, f.Name)
		}
	}
	return names
}

// LookupForm finds a form that a command has.
func LookupForm(name, command string) (Form, bool) {
	for _, f := range Forms() {
		if f.Name == name && slices.Contains(f.Commands, command) {
			return f, true
		}
	}
	return Form{}, false
}
