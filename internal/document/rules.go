package document

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"kmsplan.dev/kmsplan/internal/envelope"
)

// Rules say which values are sealed. Each is a regular expression (RE2) that is looked for in every name on the way
// to a value. Without Only every value is meant; what Except finds is left in any case.
type Rules struct {
	Only, Except []string
}

// maxRules bounds each list.
const maxRules = 8

// compiled are rules ready to be asked.
type compiled struct{ only, except []*regexp.Regexp }

func (r Rules) compile() (compiled, error) {
	var c compiled
	var err error
	if c.only, err = compileAll("only", r.Only); err != nil {
		return c, err
	}
	c.except, err = compileAll("except", r.Except)
	return c, err
}

// Check says what is wrong with the rules, or nil.
func (r Rules) Check() error {
	_, err := r.compile()
	return err
}

// Seals reports whether a value at p, other than null, is sealed.
func (r Rules) Seals(p Path) (bool, error) {
	c, err := r.compile()
	return err == nil && c.meant(Item{Kind: Value, Path: p}), err
}

// Equal reports whether both say the same.
func (r Rules) Equal(s Rules) bool {
	return slices.Equal(r.Only, s.Only) && slices.Equal(r.Except, s.Except)
}

// bounded reports lists and patterns that are too long. A reader of a header asks no more than this: to compile a
// pattern of somebody's costs more than it looks, and only writers, who have proved the header, need it.
func (r Rules) bounded() error {
	return errors.Join(boundedList("only", r.Only), boundedList("except", r.Except))
}

func boundedList(what string, list []string) error {
	if len(list) > maxRules {
		return fmt.Errorf("%s: %d patterns, at most %d: join some with |", what, len(list), maxRules)
	}
	for _, text := range list {
		if text == "" || len(text) > 500 {
			return fmt.Errorf("%s: a pattern has 1 to 500 bytes, not %d", what, len(text))
		}
	}
	return nil
}

func compileAll(what string, list []string) ([]*regexp.Regexp, error) {
	if err := boundedList(what, list); err != nil {
		return nil, err
	}
	var out []*regexp.Regexp
	for _, text := range list {
		re, err := regexp.Compile(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %q is no regular expression: %w", what, text, err)
		}
		out = append(out, re)
	}
	return out, nil
}

// meant reports whether the rules mean the item.
func (c compiled) meant(i Item) bool {
	if i.Kind != Value || i.Fixed {
		return false
	}
	return (len(c.only) == 0 || found(c.only, i.Path)) && !found(c.except, i.Path)
}

func found(list []*regexp.Regexp, p Path) bool {
	for _, step := range p {
		if !step.List && slices.ContainsFunc(list, func(re *regexp.Regexp) bool { return re.MatchString(step.Name) }) {
			return true
		}
	}
	return false
}

func (r Rules) stanzas() []*envelope.Stanza {
	var out []*envelope.Stanza
	for _, rule := range []struct {
		name string
		list []string
	}{{"only", r.Only}, {"except", r.Except}} {
		if len(rule.list) == 0 {
			continue
		}
		s := &envelope.Stanza{Type: rule.name}
		for _, text := range rule.list {
			s.Args = append(s.Args, envelope.Escape(text))
		}
		out = append(out, s)
	}
	return out
}

// parseRules takes the rules off the begin of a header's stanzas.
func parseRules(all []*envelope.Stanza) (Rules, []*envelope.Stanza, error) {
	var r Rules
	for _, rule := range []struct {
		name string
		list *[]string
	}{{"only", &r.Only}, {"except", &r.Except}} {
		if len(all) == 0 || all[0].Type != rule.name {
			continue
		}
		for _, arg := range all[0].Args {
			text, err := envelope.Unescape(arg)
			if err != nil {
				return r, nil, err
			}
			*rule.list = append(*rule.list, text)
		}
		if len(*rule.list) == 0 || len(all[0].Body) != 0 {
			return r, nil, corrupt("the rule %s is empty", rule.name)
		}
		all = all[1:]
	}
	if err := r.bounded(); err != nil {
		return r, nil, corrupt("%v", err)
	}
	return r, all, nil
}
