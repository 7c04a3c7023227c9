package kind

import (
	"regexp"

	"github.com/zclconf/go-cty/cty"
)

// set is an attribute of a lookup that its answer fills.
func set(name string, typ cty.Type, doc string) Attribute {
	return Attribute{Name: name, Type: typ, Mode: Computed, Doc: doc}
}

// elements is a computed list or map whose elements are what Refers calls so.
func elements(of, name string, typ cty.Type, doc string) Attribute {
	return Attribute{Name: name, Type: typ, Mode: Computed, Doc: doc, Element: of}
}

// answered are attributes of a managed kind as a lookup gives them: read, and nothing else.
func answered(list []Attribute, names ...string) []Attribute {
	var out []Attribute
	for _, name := range names {
		a := find(list, name)
		out = append(out, set(a.Name, a.Type, a.Doc))
	}
	return out
}

// objectOf is the type of an object with these attributes.
func objectOf(list []Attribute) cty.Type {
	types := make(map[string]cty.Type, len(list))
	for _, a := range list {
		types[a.Name] = a.Type
	}
	return cty.Object(types)
}

// Arguments are the attributes that a block of the kind may write.
func (k *Kind) Arguments() []Attribute {
	var out []Attribute
	for _, a := range k.Attributes {
		if a.Mode != Computed {
			out = append(out, a)
		}
	}
	return out
}

// nameFilters narrow a list by names.
func nameFilters(what string) []Attribute {
	return []Attribute{
		{Name: "prefix", Type: cty.String, Doc: "Only those whose " + what + " begins so."},
		{Name: "name_regex", Type: cty.String, Doc: "Only those whose " + what + " this pattern matches, somewhere (RE2).", Check: checkPattern},
	}
}

// MaxPattern is the longest name_regex in bytes.
const MaxPattern = 1000

func checkPattern(v cty.Value) error {
	if n := len(v.AsString()); n > MaxPattern {
		return sentence("A pattern has at most %d bytes; this one has %d.", MaxPattern, n)
	}
	if _, err := regexp.Compile(v.AsString()); err != nil {
		return sentence("%q is no pattern: %s. Patterns are RE2's, such as ^alias/app-.", v.AsString(), err)
	}
	return nil
}

// checkFilterTags wants tags that a filter can ask for; an empty text asks for a tag of that key with that value.
func checkFilterTags(v cty.Value) error {
	if n := v.LengthInt(); n > 10 {
		return sentence("A filter names at most 10 tags; this one names %d.", n)
	}
	for it := v.ElementIterator(); it.Next(); {
		key, value := it.Element()
		switch {
		case key.AsString() == "":
			return sentence("A tag's key is empty. Leave it out.")
		case value.IsNull():
			return sentence("The tag %q is null. Leave it out, or give it a text.", key.AsString())
		}
	}
	return nil
}

func instanceLookup() *Kind {
	return &Kind{
		Name: "instance", Class: LookupClass,
		Doc: "A KMS instance. Instances are read, never bought or released.",
		Attributes: []Attribute{
			{Name: "id", Type: cty.String, Doc: "The instance's id. Left out: the gateway's instance, or the only one of the region.", Check: checkInstance},
			set("name", cty.String, "Its name."),
			set("status", cty.String, "`Uninitialized`, `Connecting`, `Connected`, `Disconnected` or `Error`."),
			set("ca_chain", cty.String, "The certificate chain of its gateway, PEM: what `ca_file` holds."),
			set("key_quota", cty.Number, "How many keys it may hold."),
			set("secret_quota", cty.String, "How many secrets it may hold."),
			set("access_quota", cty.Number, "How many networks may reach it."),
			set("performance", cty.Number, "Its computing performance, calls a second."),
			set("vpc", cty.String, "The network it is in."),
			set("vswitches", cty.List(cty.String), "The switches it is connected to."),
			set("zones", cty.List(cty.String), "The zones it is in."),
			set("bound_vpcs", cty.List(cty.Object(map[string]cty.Type{"region": cty.String, "vpc": cty.String, "vswitch": cty.String, "owner": cty.String})), "Further networks that reach it."),
			set("created", cty.String, "When it was made, RFC 3339, UTC."),
			set("starts", cty.String, "When it may be used from, RFC 3339, UTC."),
			set("expires", cty.String, "When it ends unless it is renewed, RFC 3339, UTC."),
		},
	}
}
