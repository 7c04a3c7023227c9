package core

import (
	"encoding/base64"
	"fmt"
	"strings"

	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

func keyTarget(k *Key) ramTarget {
	return ramTarget{arn: KeyARN(k), path: "key/" + k.ID, tags: k.Tags}
}

// ramTargets finds what a call is about (KMS: doc-detail 28953). Lists and creations are about the container
// of the kind; an alias's calls also about its key. Of what stands in an instance's access the ARNs are those that
// the service answers.
func (e *Engine) ramTargets(tx *store.Tx, c *Call, operation string, get func(string) string) (targets []ramTarget) {
	here := func(path string) ramTarget { return ramTarget{arn: Arn(c.Region, c.Account, path), path: path} }
	key := func(id string) ramTarget {
		if place, err := e.keyPlace(tx, c, id, true); err == nil {
			if k, found := e.Table.Keys.Peek(tx, place); found {
				return keyTarget(k)
			}
		}
		return here("key/" + id)
	}
	secret := func(name string) ramTarget {
		t := here("secret/" + name)
		if s, found := e.Table.Secrets.Peek(tx, c.Scope(name)); found {
			t.tags = s.Tags
		}
		return t
	}
	switch operation {
	case "CreateKey", "ListKeys":
		return []ramTarget{here("key")}
	case "ListAliases":
		return []ramTarget{here("alias")}
	case "CreateSecret", "ListSecrets":
		return []ramTarget{here("secret")}
	}
	if name := get("AliasName"); name != "" {
		targets = append(targets, here(name))
		if a, found := e.Table.Aliases.Peek(tx, c.Scope(name)); found && get("KeyId") == "" {
			targets = append(targets, key(a.KeyID))
		}
	}
	for _, parameter := range []string{"KeyId", "DestinationKeyId", "ProtectedResourceArn"} {
		id := get(parameter)
		if place, err := e.keyPlace(tx, c, id, true); strings.HasPrefix(id, aliasPrefix) && (err != nil || place == "") {
			return targets // an alias that leads nowhere names no key: the operation itself says so
		}
		if id != "" {
			targets = append(targets, key(id))
		}
	}
	if name := get("SecretName"); name != "" {
		targets = append(targets, secret(name))
	}
	for i := 1; get(fmt.Sprintf("ResourceId.%d", i)) != ""; i++ {
		if id := get(fmt.Sprintf("ResourceId.%d", i)); strings.EqualFold(get("ResourceType"), "secret") {
			targets = append(targets, secret(id))
		} else {
			targets = append(targets, key(id))
		}
	}
	if id := e.keyOfBlob(tx, c, get("CiphertextBlob")); id != "" {
		targets = append(targets, key(id))
	}
	for _, named := range []struct{ parameter, path string }{
		{"AapName", "applicationaccesspoint/"}, {"ClientKeyId", "clientkey/"}, {"KmsInstanceId", InstanceResource},
	} {
		if name := get(named.parameter); name != "" {
			targets = append(targets, here(named.path+name))
		}
	}
	if name := get("Name"); name != "" {
		path := "policy/"
		switch {
		case strings.HasSuffix(operation, "NetworkRule"):
			path = "network/"
		case strings.HasSuffix(operation, "AccessPoint"):
			path = "applicationaccesspoint/"
		}
		targets = append(targets, here(path+name))
	}
	if len(targets) == 0 {
		return []ramTarget{here("*")}
	}
	return targets
}

// keyOfBlob is the key that a ciphertext was made under; "" when it is none of the public gateway's.
func (e *Engine) keyOfBlob(tx *store.Tx, c *Call, blob string) string {
	data, err := base64.StdEncoding.DecodeString(blob)
	if err != nil || len(data) == 0 {
		return ""
	}
	parsed, err := crypt.ParsePublic(data)
	if err != nil {
		return ""
	}
	if v, found := e.Table.KeyVersions.Peek(tx, c.Scope(parsed.Version)); found {
		return v.KeyID
	}
	return ""
}
