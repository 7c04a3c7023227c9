package view

import "encoding/json"

// maxGitLab is the largest count that GitLab takes.
const maxGitLab = 999_999

// gitlabTerraform renders GitLab's terraform report, artifacts:reports:terraform: three figures, because guests may read
// artifacts. They are counted as its usual recipe counts them in Terraform's plan JSON.
func gitlabTerraform(t *Told) ([]byte, error) {
	counts := map[string]int{"create": 0, "update": 0, "delete": 0}
	if t.plan != nil {
		for i := range t.plan.Changes {
			for _, action := range terraformActions(&t.plan.Changes[i]) {
				if n, counted := counts[action]; counted {
					counts[action] = min(n+1, maxGitLab)
				}
			}
		}
	}
	doc, err := json.Marshal(counts)
	return append(doc, '\n'), err
}
