package plan

import (
	"encoding/json"
	"fmt"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/kind"
)

// Question is what a lookup asks of one account and region. Two lookups that ask the same share an answer.
type Question struct {
	Gateway string
	Kind    string
	asked   string // the arguments, as JSON
}

// Ask is a question with its arguments: written ones that are not null, all known.
type Ask struct {
	Question
	Arguments map[string]cty.Value
}

// Answer is what the service answered: the value of the lookup's attributes that it sets, or why there is none.
type Answer struct {
	Attributes map[string]cty.Value
	Err        error
}

// NothingFound says that nothing answers to what a lookup names. It is the error of an Answer; any other is a failure, and
// says nothing about what is there.
type NothingFound struct {
	Argument string // what names it
	What     string // a sentence that says what is not there
}

func (e *NothingFound) Error() string { return e.What }

// AskOf is what a lookup asks once its arguments are evaluated. unknown names an argument that is known after apply
// only; "" = all are known.
func AskOf(gateway string, k *kind.Kind, attrs map[string]cty.Value) (ask Ask, unknown string) {
	given, plain := map[string]cty.Value{}, map[string]any{}
	for _, a := range k.Arguments() {
		v, written := attrs[a.Name]
		switch {
		case !written:
		case !v.IsWhollyKnown():
			return Ask{}, a.Name
		case !v.IsNull():
			given[a.Name], plain[a.Name] = v, ToState(v)
		}
	}
	text, err := json.Marshal(plain)
	if err != nil {
		text = fmt.Append(nil, err) // what KMS is asked is text, numbers and maps of them: it cannot happen
	}
	return Ask{Question{gateway, k.Name, string(text)}, given}, ""
}

// Value is what references to the lookup see: its arguments, and what the answer sets. Without an answer that is unknown.
func (a Ask) Value(k *kind.Kind, answer *Answer) cty.Value {
	return lookupValue(k, a.Arguments, answer)
}

// Unfound is the value of a lookup that has no answer: what the service says is not known.
func Unfound(k *kind.Kind, attrs map[string]cty.Value) cty.Value { return lookupValue(k, attrs, nil) }

func lookupValue(k *kind.Kind, attrs map[string]cty.Value, answer *Answer) cty.Value {
	vals := make(map[string]cty.Value, len(k.Attributes))
	for i := range k.Attributes {
		at := &k.Attributes[i]
		v, written := attrs[at.Name]
		if answer != nil {
			if found, set := answer.Attributes[at.Name]; set {
				v, written = found, true
			}
		}
		switch {
		case written && v != cty.NilVal:
			vals[at.Name] = v
		case at.Mode == kind.Computed && answer == nil:
			vals[at.Name] = cty.UnknownVal(at.Type)
		default:
			vals[at.Name] = cty.NullVal(at.Type)
		}
	}
	return cty.ObjectVal(vals)
}
