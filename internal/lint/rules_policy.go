package lint

import (
	"encoding/json"
	"slices"
)

func policyRules() []*Rule {
	return []*Rule{{
		ID: "KP007", Name: "wide-policy", Severity: Error, Title: "Key policy for everybody",
		Why:    "A statement that allows something to the principal `*` allows it to every account of Alibaba Cloud, and no RAM policy of yours stands in between.",
		Fix:    "Name the accounts, users or roles: `acs:ram::ACCOUNT:role/NAME`. What is for everybody needs a `Condition`.",
		Source: "KMS: SetKeyPolicy, Principal",
		check: func(p *pass) {
			for _, in := range p.module.instances {
				text, _ := in.String("policy")
				for _, what := range wide(text) {
					p.about(in, "policy", "The policy of %s allows %s to everybody.", in.addr.Block(), what)
				}
			}
		},
	}}
}

// statement is what is read of one statement of a policy.
type statement struct {
	Effect       string
	Action       words
	Principal    principal
	NotPrincipal json.RawMessage
	Condition    map[string]any
}

// wide are the actions that a policy allows to everybody, without a condition.
func wide(policy string) []string {
	var doc struct{ Statement []statement }
	if policy == "" || json.Unmarshal([]byte(policy), &doc) != nil {
		return nil
	}
	var out []string
	for _, s := range doc.Statement {
		if s.Effect == "Allow" && len(s.Condition) == 0 && (s.Principal.everybody || s.NotPrincipal != nil) {
			out = append(out, quotedList(s.Action))
		}
	}
	return out
}

// words is a text, or a list of texts.
type words []string

func (w *words) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*w = words{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(w))
}

// principal is "*", or lists by kind: {"RAM": ["acs:ram::1:*", "*"]}.
type principal struct{ everybody bool }

func (p *principal) UnmarshalJSON(b []byte) error {
	var plain words
	if plain.UnmarshalJSON(b) == nil {
		p.everybody = slices.Contains(plain, "*")
		return nil
	}
	var kinds map[string]words
	if err := json.Unmarshal(b, &kinds); err != nil {
		return err
	}
	for _, names := range kinds {
		p.everybody = p.everybody || slices.Contains(names, "*") || slices.Contains(names, "acs:ram::*:*")
	}
	return nil
}
