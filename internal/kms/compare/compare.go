package compare

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/wire/ciphertext"
	"kmsplan.dev/kmsplan/internal/safety"
)

// An answer is not believed: where it names what its request named, both must
// agree. pairs and rowChecks say where that is, for every operation of both gateways; compare is
// called on every answer, in one place per gateway, before anybody reads it.

// pair is a member of an answer that names what a parameter of the request named.
// It holds for every operation that has both.
type pair struct {
	member string // path into the answer; a list on the way stands for each of its items
	param  string
	same   comparison
}

// comparison reports whether an answered name is among those asked for.
type comparison func(c *Comparer, asked []string, answered string) bool

var pairs = []pair{
	{member: "KeyId", param: "KeyId", same: sameKey},
	{member: "KeyId", param: "SourceKeyId", same: sameKey}, // ReEncrypt answers with its source (KMS: ReEncrypt)
	{member: "KeyMetadata.KeyId", param: "KeyId", same: sameKey},
	{member: "KeyMetadata.DKMSInstanceId", param: "DKMSInstanceId", same: sameText},
	{member: "KeyVersion.KeyId", param: "KeyId", same: sameKey},
	{member: "KeyVersion.KeyVersionId", param: "KeyVersionId", same: sameText},
	{member: "KeyVersions.KeyVersion.KeyId", param: "KeyId", same: sameKey},
	{member: "KeyVersionId", param: "KeyVersionId", same: sameText},
	{member: "KeyVersionId", param: "CiphertextBlob", same: sameBlobVersion},
	{member: "Aliases.Alias.KeyId", param: "KeyId", same: sameKey},
	{member: "Tags.Tag.KeyId", param: "KeyId", same: sameKey},
	{member: "TagResources.TagResource.ResourceId", param: "ResourceId", same: sameKey},
	{member: "TagResources.TagResource.ResourceType", param: "ResourceType", same: sameFold},
	{member: "SecretName", param: "SecretName", same: sameText},
	{member: "VersionId", param: "VersionId", same: sameText},
	{member: "DKMSInstanceId", param: "DKMSInstanceId", same: sameText},
	{member: "KmsInstance.InstanceId", param: "KmsInstanceId", same: sameText},
	{member: "CertificateId", param: "CertificateId", same: sameText},
	{member: "ClientKeyId", param: "ClientKeyId", same: sameText},
	{member: "ClientKeys.AapName", param: "AapName", same: sameText},
	{member: "Name", param: "Name", same: sameText},
	{member: "KeyPairSpec", param: "KeyPairSpec", same: sameText},
	{member: "PageNumber", param: "PageNumber", same: sameText},
}

// rowCheck holds an object of an answer against the request and against itself; it
// returns what is wrong, or "".
type rowCheck func(c *Comparer, asked kms.Asked, row map[string]any) string

var rowChecks = []struct {
	rows  string // path, as in pair
	check rowCheck
}{
	{"KeyMetadata", keyARN("Arn")},
	{"Keys.Key", keyARN("KeyArn")},
	{"Aliases.Alias", aliasARN},
	{"", secretARN},
	{"", stageOf},
	{"TagResources.TagResource", tagAskedFor},
}

// Comparer compares the answers of one gateway. It is safe for concurrent use.
type Comparer struct {
	region  string // "" = not known: ARNs of every region are taken
	aliases *kms.Aliases
	account account
}

// New holds answers to a region, "" = any, and to what aliases were resolved to; nil aliases = its own.
func New(region string, aliases *kms.Aliases) *Comparer {
	if aliases == nil {
		aliases = new(kms.Aliases)
	}
	return &Comparer{region: region, aliases: aliases}
}

// Account is the account that ARNs named, "" before one did.
func (c *Comparer) Account() string { return c.account.known() }

// Compare returns what an answer says about another object than its request, or "".
func (c *Comparer) Compare(o *kms.Operation, asked kms.Asked, answer map[string]any) string {
	c.resolve(o, asked, answer)
	for _, p := range pairs {
		wanted := asked(p.param)
		if len(wanted) == 0 {
			continue
		}
		for _, got := range texts(answer, p.member) {
			if got != "" && !p.same(c, wanted, got) && !safety.Off(safety.AnswerCompared) {
				return mismatch(p.member, got, p.param, wanted)
			}
		}
	}
	for _, r := range rowChecks {
		for _, row := range objects(answer, r.rows) {
			if wrong := r.check(c, asked, row); wrong != "" {
				return wrong
			}
		}
	}
	return ""
}

// resolve takes from an answer where aliases point: those of a list, the one that was
// described, and the one that the call itself pointed or deleted.
func (c *Comparer) resolve(o *kms.Operation, asked kms.Asked, answer map[string]any) {
	switch o.Name {
	case "ListAliases", "ListAliasesByKeyId":
		for _, row := range objects(answer, "Aliases.Alias") {
			c.aliases.Resolved(text(row, "AliasName"), text(row, "KeyId"))
		}
	case "DescribeKey":
		for _, id := range asked("KeyId") {
			if alias := parseResource(id).id; strings.HasPrefix(alias, aliasPrefix) {
				c.aliases.Resolved(alias, text(answer, "KeyMetadata.KeyId"))
			}
		}
	case "CreateAlias", "UpdateAlias", "DeleteAlias":
		c.Moved(o, asked)
		for _, id := range asked("KeyId") {
			c.aliases.Resolved(asked("AliasName")[0], parseResource(id).id)
		}
	}
}

// Moved forgets an alias that a call may have pointed elsewhere.
func (c *Comparer) Moved(o *kms.Operation, asked kms.Asked) {
	if o.Mutating {
		for _, alias := range asked("AliasName") {
			c.aliases.Resolved(alias, "")
		}
	}
}

func mismatch(member, got, param string, wanted []string) string {
	if param == "CiphertextBlob" {
		return fmt.Sprintf("its %s is %s, and the ciphertext names another", member, kms.Plain(got))
	}
	return fmt.Sprintf("its %s is %s, and the request's %s was %s", member, kms.Plain(got), param, kms.Plain(strings.Join(wanted, ", ")))
}

func sameText(_ *Comparer, asked []string, answered string) bool {
	return slices.Contains(asked, answered)
}

func sameFold(_ *Comparer, asked []string, answered string) bool {
	return slices.ContainsFunc(asked, func(a string) bool { return strings.EqualFold(a, answered) })
}

// sameKey compares ids, ARNs and aliases. An alias is held against what it was
// resolved to in this run, and is resolved by the first answer.
func sameKey(c *Comparer, asked []string, answered string) bool {
	got := parseResource(answered)
	for _, a := range asked {
		want := parseResource(a)
		switch {
		case want.region != "" && got.region != "" && (want.region != got.region || want.account != got.account):
		case strings.HasPrefix(want.id, aliasPrefix) && !strings.HasPrefix(got.id, aliasPrefix):
			if c.aliases.Agrees(want.id, got.id) {
				return true
			}
		case want.id == got.id:
			return true
		}
	}
	return false
}

// sameBlobVersion compares with the key version that a ciphertext begins with.
// Ciphertext that does not describe itself names none.
func sameBlobVersion(_ *Comparer, asked []string, answered string) bool {
	blob, err := base64.StdEncoding.DecodeString(asked[0])
	if err != nil {
		return true
	}
	version, err := ciphertext.VersionID(ciphertext.OpenAPI(blob))
	return err != nil || version == answered
}

// stageOf: a version that was asked for by its stage has it.
func stageOf(_ *Comparer, asked kms.Asked, row map[string]any) string {
	stages, by := asked("VersionStage"), texts(row, "VersionStages.VersionStage")
	if len(by) == 0 {
		by = texts(row, "VersionStages")
	}
	if len(stages) == 0 || len(asked("VersionId")) > 0 || len(by) == 0 || slices.Contains(by, stages[0]) {
		return ""
	}
	return mismatch("VersionStages", strings.Join(by, ", "), "VersionStage", stages)
}

// tagAskedFor: a resource that was searched for by tags has no other value under them.
func tagAskedFor(_ *Comparer, asked kms.Asked, row map[string]any) string {
	key, value := text(row, "TagKey"), text(row, "TagValue")
	for _, tag := range asked("Tag") {
		if k, v, _ := strings.Cut(tag, "\x00"); k == key && v != "" && v != value {
			return fmt.Sprintf("its TagValue under %s is %s, and %s was searched for", kms.Plain(key), kms.Plain(value), kms.Plain(v))
		}
	}
	return ""
}
