package draft

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Filter chooses objects by their names, ids and tags.
type Filter struct{ include, exclude []glob }

// glob is NAME or tag:KEY=VALUE; * stands for any text.
type glob struct {
	tag  string // "" = of names
	text *regexp.Regexp
}

// NewFilter reads the patterns of a filter. Without patterns to include everything is.
func NewFilter(include, exclude []string) (f Filter, err error) {
	if f.include, err = patterns(include); err != nil {
		return f, err
	}
	f.exclude, err = patterns(exclude)
	return f, err
}

func patterns(texts []string) (out []glob, err error) {
	for _, t := range texts {
		p := glob{}
		if tag, ok := strings.CutPrefix(t, "tag:"); ok {
			key, value, given := strings.Cut(tag, "=")
			if key == "" || !given {
				return nil, fmt.Errorf("%q is no pattern of tags: write tag:KEY=VALUE, where * stands for any text", t)
			}
			p.tag, t = key, value
		}
		p.text = regexp.MustCompile("(?s)^" + strings.ReplaceAll(regexp.QuoteMeta(t), `\*`, ".*") + "$")
		out = append(out, p)
	}
	return out, nil
}

// Chooses reports whether an object with these names is chosen; an id is one of them.
func (f Filter) Chooses(names []string, tags map[string]string) bool {
	fits := func(p glob) bool { return p.fits(names, tags) }
	return (len(f.include) == 0 || slices.ContainsFunc(f.include, fits)) && !slices.ContainsFunc(f.exclude, fits)
}

func (p glob) fits(names []string, tags map[string]string) bool {
	if p.tag != "" {
		v, ok := tags[p.tag]
		return ok && p.text.MatchString(v)
	}
	return slices.ContainsFunc(names, p.text.MatchString)
}
