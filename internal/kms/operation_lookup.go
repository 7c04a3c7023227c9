package kms

import "kmsplan.dev/kmsplan/internal/suggest"

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

// UnknownOperation is the code and message for an operation that a gateway does
// not serve: it exists elsewhere, or nowhere.
func UnknownOperation(name, gateway string) (code, message string) {
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
