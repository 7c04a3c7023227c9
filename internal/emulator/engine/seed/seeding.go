package seed

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/engine/access"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/engine/keys"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// seeding applies one seed document inside one Update.
type seeding struct {
	e      *core.Engine
	tx     *store.Tx
	force  bool
	result Result
}

// all goes from what is referred to, to what refers.
func (s *seeding) all(doc *Document) error {
	t := &s.e.Table
	return errors.Join(
		each(s, "access key", doc.AccessKeys, s.accessKey),
		each(s, "instance", doc.Instances, s.instance),
		each(s, "key", doc.Keys, s.key),
		each(s, "alias", doc.Aliases, func(a Alias) error {
			s.fill(&a.Place)
			return s.alias(a)
		}),
		each(s, "secret", doc.Secrets, s.secret),
		each(s, "network rule", doc.NetworkRules, func(r NetworkRule) error {
			s.fill(&r.Place)
			sources := access.JsonNames(r.Sources)
			if _, err := access.ValidSources(&sources); err != nil {
				return err
			}
			return seed(s, t.NetworkRules, core.Scope(r.Account, r.Region, r.Name), r.Name, core.NetworkRule{
				Name: r.Name, Account: r.Account, Region: r.Region, Type: core.NetworkPrivate,
				SourcePrivateIP: sources, Created: s.e.Now(),
			})
		}),
		each(s, "policy", doc.Policies, s.policy),
		each(s, "access point", doc.AccessPoints, func(a AccessPoint) error {
			s.fill(&a.Place)
			return seed(s, t.AccessPoints, core.Scope(a.Account, a.Region, a.Name), a.Name, core.AccessPoint{
				Name: a.Name, Account: a.Account, Region: a.Region, AuthMethod: core.AuthClientKey,
				Policies: a.Policies, Created: s.e.Now(),
			})
		}),
	)
}

func each[T any](_ *seeding, kind string, list []T, apply func(T) error) error {
	for i, v := range list {
		if err := apply(v); err != nil {
			return fmt.Errorf("%s %d: %w", kind, i+1, err)
		}
	}
	return nil
}

func (s *seeding) fill(p *Place) {
	if p.Account == "" {
		p.Account = s.e.Opts.Account
	}
	if p.Region == "" {
		p.Region = s.e.Opts.Region
	}
}

// skip counts an object and tells whether it is to be left alone.
func (s *seeding) skip(exists bool) bool {
	switch {
	case !exists:
		s.result.Created++
	case s.force:
		s.result.Replaced++
	default:
		s.result.Kept++
	}
	return exists && !s.force
}

// seed puts a record unless it is there already.
func seed[T any](s *seeding, t store.Table[T], place, id string, v T) error {
	if id == "" {
		return errors.New("has no id or name")
	}
	if _, exists := t.Peek(s.tx, place); !s.skip(exists) {
		t.Put(s.tx, place, v)
	}
	return nil
}

func (s *seeding) accessKey(k AccessKey) error {
	if k.Account == "" {
		k.Account = s.e.Opts.Account
	}
	if k.Principal == "" {
		k.Principal = "acs:ram::" + k.Account + ":root"
	}
	if k.Secret == "" {
		return errors.New("has no secret")
	}
	policies := ""
	if len(k.Policies) > 0 {
		var texts []string
		for _, p := range k.Policies {
			texts = append(texts, string(p))
		}
		var err error
		if policies, err = core.RAMPolicies(texts); err != nil {
			return err
		}
	}
	return seed(s, s.e.Table.Credentials, k.ID, k.ID, core.Credential{
		Policies:    policies,
		AccessKeyID: k.ID, Secret: k.Secret, SecurityToken: k.SecurityToken,
		Expires: k.Expires, Account: k.Account, Principal: k.Principal,
	})
}

func (s *seeding) instance(in Instance) error {
	s.fill(&in.Place)
	i := s.e.GenerousInstance(core.Bootstrap{Account: in.Account, Region: in.Region, Instance: in.ID})
	i.NationalCrypto, i.PublicAccess = in.NationalCrypto, in.PublicAccess
	if in.Name != "" {
		i.Name = in.Name
	}
	if in.Image != "" {
		i.Image = in.Image
	}
	if in.Status != "" {
		i.Status = in.Status
	}
	if in.KeyNum != 0 {
		i.KeyNum = in.KeyNum
	}
	switch in.Kind {
	case "", core.KindSoftware:
	case core.KindHardware:
		i.Kind = core.KindHardware
	default:
		return fmt.Errorf("%s: kind %q is neither %s nor %s", in.ID, in.Kind, core.KindSoftware, core.KindHardware)
	}
	return seed(s, s.e.Table.Instances, core.Scope(i.Account, i.Region, i.ID), i.ID, i)
}

func (s *seeding) alias(a Alias) error {
	if _, err := keys.ValidAlias(&a.Name); err != nil {
		return fmt.Errorf("%s: %w", a.Name, err)
	}
	if _, found := s.e.Table.Keys.Peek(s.tx, core.Scope(a.Account, a.Region, a.Key)); !found {
		return fmt.Errorf("%s: there is no key %q in %s of account %s", a.Name, a.Key, a.Region, a.Account)
	}
	return seed(s, s.e.Table.Aliases, core.Scope(a.Account, a.Region, a.Name), a.Name, core.Alias{
		Name: a.Name, KeyID: a.Key, Account: a.Account, Region: a.Region, Created: s.e.Now(),
	})
}

func (s *seeding) policy(in Policy) error {
	s.fill(&in.Place)
	p := core.Policy{
		Name: in.Name, Account: in.Account, Region: in.Region, Instance: in.Instance,
		Permissions: in.Permissions, Resources: in.Resources, Created: s.e.Now(),
	}
	if p.Permissions == nil {
		p.Permissions = []string{core.PermissionKeys, core.PermissionSecrets}
	}
	if p.Resources == nil {
		p.Resources = []string{"key/*", "secret/*"}
	}
	if in.NetworkRules != nil {
		p.AccessControlRules = `{"NetworkRules":` + access.JsonNames(in.NetworkRules) + `}`
	}
	return seed(s, s.e.Table.Policies, core.Scope(p.Account, p.Region, p.Name), p.Name, p)
}

// key builds the key as CreateKey would and then gives it what was asked for.
func (s *seeding) key(in Key) error {
	s.fill(&in.Place)
	if in.ID == "" {
		return errors.New("has no id")
	}
	old, exists := s.e.Table.Keys.Get(s.tx, core.Scope(in.Account, in.Region, in.ID))
	if s.skip(exists) {
		return nil
	}
	k, err := s.seededKey(in)
	if err != nil {
		return fmt.Errorf("%s: %w", in.ID, err)
	}
	for _, id := range old.Versions {
		s.e.Table.KeyVersions.Delete(s.tx, core.Scope(old.Account, old.Region, id))
	}
	if err := s.versions(k, in); err != nil {
		return fmt.Errorf("%s: %w", in.ID, err)
	}
	// The versions are as the author wants them: turns of the past are not made up for.
	if now := s.e.Second(); k.Rotate && k.NextRotation().Before(now) {
		k.LastRotation = now
	}
	s.e.PutKey(s.tx, k)
	return nil
}

func (s *seeding) seededKey(in Key) (*core.Key, error) {
	c := &core.Call{Account: in.Account, Region: in.Region}
	rotate := in.RotationInterval != ""
	k, err := keys.RequestedKey(s.e, s.tx, c, &keys.CreateKeyRequest{
		DKMSInstanceId: &in.Instance, Description: &in.Description, EnableAutomaticRotation: &rotate,
		KeySpec: &in.Spec, KeyUsage: &in.Usage, Origin: &in.Origin, ProtectionLevel: &in.ProtectionLevel,
		RotationInterval: &in.RotationInterval,
	})
	if err != nil {
		return nil, err
	}
	k.ID, k.Tags, k.Created = in.ID, in.Tags, in.Created
	if k.Created.IsZero() {
		k.Created = s.e.Now()
	}
	k.Policy, k.Protected, k.MaterialExpires = string(in.Policy), in.DeletionProtection, in.MaterialExpires
	if in.Creator != "" {
		k.Creator = in.Creator
	}
	if in.Service {
		k.CreatorType = core.CreatorService
	}
	return k, seedState(k, in)
}

func seedState(k *core.Key, in Key) error {
	switch in.State {
	case "":
		if len(in.Versions) > 0 && k.Origin == core.OriginExternal {
			k.State = core.StateEnabled
		}
		return nil
	case core.StatePendingDeletion:
		if in.DeleteAt.IsZero() {
			return errors.New("PendingDeletion needs delete_at")
		}
		k.DeleteAt = in.DeleteAt.UTC().Truncate(time.Second)
	case core.StateEnabled, core.StateDisabled, core.StatePendingImport:
	default:
		return fmt.Errorf("state %q is not one of Enabled, Disabled, PendingDeletion, PendingImport", in.State)
	}
	k.State = in.State
	return nil
}

func (s *seeding) versions(k *core.Key, in Key) error {
	list := in.Versions
	if len(list) == 0 {
		list = []KeyVersion{{}}
	}
	for i, v := range list {
		if err := s.version(k, v, len(in.Versions) == 0); err != nil {
			return fmt.Errorf("version %d: %w", i+1, err)
		}
	}
	return nil
}

func (s *seeding) version(k *core.Key, v KeyVersion, implied bool) error {
	material := v.Material
	awaits := k.Origin == core.OriginExternal && implied
	var err error
	if len(material) == 0 && !awaits {
		if material, err = crypt.Generate(s.e.Rand, k.Spec); err != nil {
			return err
		}
	}
	if !awaits {
		if _, err := crypt.Parse(k.Spec, material); err != nil {
			return err
		}
		if k.Origin == core.OriginExternal {
			digest := sha256.Sum256(material)
			k.ImportedDigest = digest[:]
		}
	}
	created := v.Created
	if created.IsZero() {
		created = k.Created
	}
	return s.storeVersion(k, v.ID, created.UTC().Truncate(time.Second), material)
}

// storeVersion stores a version under an id of the author's choice.
func (s *seeding) storeVersion(k *core.Key, id string, created time.Time, material []byte) error {
	if id == "" {
		_, err := keys.StoreVersion(s.e, s.tx, k, created, material)
		return err
	}
	if len(id) != core.VersionIDSize {
		return fmt.Errorf("id %q has %d characters instead of %d, which ciphertexts need", id, len(id), core.VersionIDSize)
	}
	if old, taken := s.e.Table.KeyVersions.Peek(s.tx, core.Scope(k.Account, k.Region, id)); taken {
		return fmt.Errorf("id %q belongs to key %s", id, old.KeyID)
	}
	keys.KeepVersion(s.e, s.tx, k, &core.KeyVersion{
		ID: id, KeyID: k.ID, Account: k.Account, Region: k.Region, Instance: k.Instance, Created: created, Material: material,
	})
	return nil
}

// secret stores the values as they are given; rotation is left to CreateSecret.
func (s *seeding) secret(in Secret) error {
	s.fill(&in.Place)
	if in.Type == "" {
		in.Type = "Generic"
	}
	t := &s.e.Table
	place := core.Scope(in.Account, in.Region, in.Name)
	old, exists := t.Secrets.Get(s.tx, place)
	if in.Name == "" || len(in.Versions) == 0 {
		return errors.New("needs a name and at least one version")
	}
	if s.skip(exists) {
		return nil
	}
	for _, id := range old.Versions {
		t.SecretVersion.Delete(s.tx, core.Scope(in.Account, in.Region, in.Name+"\x00"+id))
	}
	now := s.e.Second()
	secret := core.Secret{
		Name: in.Name, Account: in.Account, Region: in.Region, Type: in.Type, Description: in.Description,
		Instance: in.Instance, EncryptionKeyID: in.EncryptionKey, Created: now, Updated: now, Tags: in.Tags,
	}
	for i, v := range in.Versions {
		if v.DataType == "" {
			v.DataType = "text"
		}
		if v.Stages == nil && i == len(in.Versions)-1 {
			v.Stages = []string{"ACSCurrent"}
		}
		if v.ID == "" {
			return fmt.Errorf("%s: version %d has no id", in.Name, i+1)
		}
		secret.Versions = append(secret.Versions, v.ID)
		t.SecretVersion.Put(s.tx, core.Scope(in.Account, in.Region, in.Name+"\x00"+v.ID), core.SecretVersion{
			ID: v.ID, Secret: in.Name, Account: in.Account, Region: in.Region,
			Data: []byte(v.Data), DataType: v.DataType, Stages: v.Stages, Created: now,
		})
	}
	t.Secrets.Put(s.tx, place, secret)
	return nil
}
