package core

import (
	"encoding/base64"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

// Object is what a call names: at most one field is looked at, in this order.
type Object struct {
	Key        string // id, ARN or alias
	Secret     string // name
	Ciphertext string // base64 of a public gateway's blob
}

// Reaches finds the instance that a call with RAM credentials means when the
// address it came to names none: that of the object it names, else the first one.
func (e *Engine) Reaches(c *Call, o Object) string {
	instance := ""
	_ = e.Db.View(func(tx *store.Tx) error {
		instance = e.homeOfObject(tx, c, o)
		return nil
	})
	if instance == "" || !undocumented.InstanceByCaller {
		return e.firstInstance(c.Region)
	}
	return instance
}

func (e *Engine) homeOfObject(tx *store.Tx, c *Call, o Object) string {
	switch {
	case o.Key != "":
		place, err := e.keyPlace(tx, c, o.Key, true)
		if k, found := e.Table.Keys.Peek(tx, place); err == nil && found {
			return k.Instance
		}
	case o.Secret != "":
		if s, found := e.Table.Secrets.Peek(tx, c.Scope(o.Secret)); found {
			return s.Instance
		}
	case o.Ciphertext != "":
		data, err := base64.StdEncoding.DecodeString(o.Ciphertext)
		if err != nil {
			return ""
		}
		if blob, err := crypt.ParsePublic(data); err == nil {
			v, _ := e.Table.KeyVersions.Peek(tx, c.Scope(blob.Version))
			return v.home()
		}
	}
	return ""
}

func (v *KeyVersion) home() string {
	if v == nil {
		return ""
	}
	return v.Instance
}

// ReachesByKey finds the instance that a ClientKey's call means when the address
// it came to names none: the one that the access point's policies are for. Of
// several, that of the key the call names, if it is among them, else the first
// instance of all, else that of the first policy.
func (e *Engine) ReachesByKey(key ClientKey, o Object) string {
	first := e.firstInstance(key.Region)
	if !undocumented.InstanceByCaller {
		return first
	}
	c := &Call{Account: key.Account, Region: key.Region}
	chosen := first
	_ = e.Db.View(func(tx *store.Tx) error {
		policies := e.pointPolicies(tx, c, key.AccessPoint)
		instances := make([]string, 0, len(policies))
		for _, p := range policies {
			if p.Instance != "" && p.Instance != SharedGateway {
				instances = append(instances, p.Instance)
			}
		}
		home := ""
		if len(instances) > 1 {
			home = e.homeOfObject(tx, c, o)
		}
		switch {
		case len(instances) == 0:
		case slices.Contains(instances, home):
			chosen = home
		case !slices.Contains(instances, first):
			chosen = instances[0]
		}
		return nil
	})
	return chosen
}

// pointPolicies are the policies of an access point that exist.
func (e *Engine) pointPolicies(tx *store.Tx, c *Call, name string) []*Policy {
	point, found := e.Table.AccessPoints.Peek(tx, c.Scope(name))
	if !found {
		return nil
	}
	var policies []*Policy
	for _, name := range point.Policies {
		if p, found := e.Table.Policies.Peek(tx, c.Scope(name)); found {
			policies = append(policies, p)
		}
	}
	return policies
}

// admitSource refuses, in strict mode, a ClientKey's call from an address that no
// network rule of its policies for the instance lets in. A policy without rules
// lets everybody in (KMS: CreatePolicy, AccessControlRules).
func (e *Engine) admitSource(c *Call) error {
	if !e.Opts.Strict || c.Gateway != Instance {
		return nil
	}
	return e.View(func(tx *store.Tx) error {
		key, found := e.Table.ClientKeys.Peek(tx, c.Scope(c.ClientKey))
		if !found {
			return nil // without a key nothing is allowed anyway
		}
		asked := false
		for _, p := range e.pointPolicies(tx, c, key.AccessPoint) {
			if p.Instance != c.Instance {
				continue
			}
			if asked = true; e.letsIn(tx, c, p) {
				return nil
			}
		}
		if !asked {
			return nil
		}
		return Refuse(undocumented.BlockedSourceStatus, undocumented.BlockedSourceCode, "The source address is not allowed by the network rules of the application access point.")
	})
}

// letsIn tells whether the policy's network rules admit the call's source.
func (e *Engine) letsIn(tx *store.Tx, c *Call, p *Policy) bool {
	var rules struct{ NetworkRules []string }
	if !c.Source.IsValid() || p.AccessControlRules == "" || json.Unmarshal([]byte(p.AccessControlRules), &rules) != nil || len(rules.NetworkRules) == 0 {
		return true
	}
	return slices.ContainsFunc(rules.NetworkRules, func(name string) bool {
		r, found := e.Table.NetworkRules.Peek(tx, c.Scope(name))
		return found && r.admits(c.Source.Unmap())
	})
}

func (r *NetworkRule) admits(source netip.Addr) bool {
	var sources []string
	if json.Unmarshal([]byte(r.SourcePrivateIP), &sources) != nil {
		return false
	}
	return slices.ContainsFunc(sources, func(s string) bool {
		if !strings.Contains(s, "/") {
			address, err := netip.ParseAddr(s)
			return err == nil && address.Unmap() == source
		}
		block, err := netip.ParsePrefix(s)
		return err == nil && block.Contains(source)
	})
}
