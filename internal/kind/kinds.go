package kind

import (
	"slices"
	"sync"
)

// Kinds returns every kind, managed ones first, in the order of the reference.
// The tables are shared: read only.
func Kinds() []*Kind {
	return kinds()
}

// Lookup returns the kind of that name, or nil. data asks for data blocks.
func Lookup(name string, data bool) *Kind {
	for _, k := range kinds() {
		if k.Name == name && k.Data() == data {
			return k
		}
	}
	return nil
}

// kinds are made when first asked for: most commands that are quick ask for none.
var kinds = sync.OnceValue(func() []*Kind {
	return []*Kind{
		finish(keyKind()), finish(aliasKind()), finish(rotationPolicyKind()), finish(secretKind()),
		finish(networkRuleKind()), finish(accessPolicyKind()), finish(accessPointKind()), finish(clientKeyKind()),
		finish(encryptKind()), finish(decryptKind()), finish(rewrapKind()),
		finish(keyLookup()), finish(keysLookup()), finish(publicKeyLookup()), finish(aliasLookup()), finish(aliasesLookup()),
		finish(secretLookup()), finish(secretsLookup()), finish(instanceLookup()),
	}
})

func finish(k *Kind) *Kind {
	k.objectType = objectType(k)
	for _, a := range k.Attributes {
		if a.PreImage {
			k.preImage = append(k.preImage, a.Name)
		}
	}
	slices.Sort(k.preImage)
	return k
}
