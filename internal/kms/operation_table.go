package kms

import (
	"slices"
	"strings"
)

// marks is the short notation of an operation's properties in the tables.
type marks uint8

const (
	mutates marks = 1 << iota
	idempotent
	dedicated
	answersSecret
	get
	reads marks = 0
)

// PublicOperations lists every operation of the public gateway, sorted by name:
// version 2016-01-20, the 92 of kms-20160120 v3.2.3 and the three that the
// service has added since.
func PublicOperations() []Operation {
	return sorted(slices.Concat(keyOperations(), secretOperations(), cryptoOperations(), accessOperations()))
}

// DedicatedOperations lists what the dedicated gateway serves for RAM credentials.
func DedicatedOperations() []Operation {
	return slices.DeleteFunc(PublicOperations(), func(o Operation) bool { return !o.Dedicated })
}

func sorted(ops []Operation) []Operation {
	slices.SortFunc(ops, func(a, b Operation) int { return strings.Compare(a.Name, b.Name) })
	return ops
}

// ByName indexes operations for lookups on every call.
func ByName(ops []Operation) map[string]*Operation {
	index := make(map[string]*Operation, len(ops))
	for i := range ops {
		index[ops[i].Name] = &ops[i]
	}
	return index
}

func publicOp(name, group string, m marks, quota QuotaGroup, doc string, params ...string) Operation {
	return operation(GatewayPublic, name, group, m, quota, doc, params)
}

func instanceOp(name, group string, m marks, doc string, params ...string) Operation {
	return operation(GatewayInstance, name, group, m, quotaNone, doc, params)
}

func operation(gateway, name, group string, m marks, quota QuotaGroup, doc string, params []string) Operation {
	return Operation{
		Name: name, Gateway: gateway, Group: group, Doc: doc,
		Params:       parseParams(strings.Join(params, " ")),
		Mutating:     m&mutates != 0,
		Idempotent:   m&mutates == 0 || m&idempotent != 0,
		Dedicated:    m&dedicated != 0,
		SecretAnswer: m&answersSecret != 0,
		Get:          m&get != 0,
		Quota:        quota,
	}
}

// parseParams reads the tables' notation: names separated by spaces, each with
// "!" when required, "*" when secret, and ":type" unless it is a string.
func parseParams(notation string) []Param {
	var params []Param
	for _, field := range strings.Fields(notation) {
		name, typ, _ := strings.Cut(field, ":")
		p := Param{Type: TypeString, Required: strings.Contains(name, "!"), Secret: strings.Contains(name, "*")}
		if typ != "" {
			p.Type = ParamType(typ)
		}
		p.Name = strings.TrimRight(name, "!*")
		params = append(params, p)
	}
	return params
}
