package kms

import (
	"encoding/json"
	"maps"
	"mime"
	"strings"

	"kmsplan.dev/kmsplan/internal/suggest"
)

// FindOperation looks an operation up by API name or kebab case, in ops.
func FindOperation(ops []Operation, name string) (Operation, bool) {
	for _, o := range ops {
		if o.Name == name || o.Kebab() == name {
			return o, true
		}
	}
	return Operation{}, false
}

// Suggest returns the operation of ops whose name is nearest to name, "" when
// none is near.
func Suggest(ops []Operation, name string) string {
	names := make([]string, 0, 2*len(ops))
	for _, o := range ops {
		names = append(names, o.Name, o.Kebab())
	}
	near, _ := FindOperation(ops, suggest.Nearest(name, names))
	return near.Name
}

// unknownOperation is the code and message for an operation that a gateway does
// not serve: it exists elsewhere, or nowhere.
func unknownOperation(name, gateway string) (code, message string) {
	for _, ops := range [][]Operation{PublicOperations(), InstanceOperations()} {
		if o, ok := FindOperation(ops, name); ok {
			return CodeUnsupported, "the " + gateway + " gateway does not serve it; the " + o.Gateway + " gateway does"
		}
	}
	if near := Suggest(append(PublicOperations(), InstanceOperations()...), name); near != "" {
		return CodeUnknownOp, "there is no such operation: did you mean " + near + "?"
	}
	return CodeUnknownOp, "there is no such operation"
}

// withParam returns params with one more, leaving the caller's map alone.
func withParam(params map[string]any, name string, value any) map[string]any {
	more := maps.Clone(params)
	if more == nil {
		more = map[string]any{}
	}
	more[name] = value
	return more
}

// mediaType is the type of a Content-Type header without its parameters.
func mediaType(header string) string {
	t, _, err := mime.ParseMediaType(header)
	if err != nil || len(t) > 60 {
		return "an unknown type"
	}
	return strings.ToLower(t)
}

// requestID of a public gateway's answer.
func (a answer) requestID() string {
	var body struct{ RequestID string }
	_ = json.Unmarshal(a.body, &body) // only for the log: an answer without one is logged without one
	return firstOf(body.RequestID, a.header.Get("X-Acs-Request-Id"))
}
