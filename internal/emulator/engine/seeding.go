package engine

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// seeding applies one seed document inside one Update.
type seeding struct {
	e      *Engine
	tx     *store.Tx
	force  bool
	result SeedResult
}

// all goes from what is referred to, to what refers.
func (s *seeding) all(doc *SeedDocument) error {
	t := &s.e.table
	return errors.Join(
		each(s, "access key", doc.AccessKeys, s.accessKey),
		each(s, "instance", doc.Instances, s.instance),
		each(s, "key", doc.Keys, s.key),
		each(s, "alias", doc.Aliases, func(a SeedAlias) error {
			s.fill(&a.SeedPlace)
			return s.alias(a)
		}),
		each(s, "secret", doc.Secrets, s.secret),
		each(s, "network rule", doc.NetworkRules, func(r SeedNetworkRule) error {
			s.fill(&r.SeedPlace)
			sources := jsonNames(r.Sources)
			if _, err := validSources(&sources); err != nil {
				return err
			}
			return seed(s, t.networkRules, scope(r.Account, r.Region, r.Name), r.Name, NetworkRule{
				Name: r.Name, Account: r.Account, Region: r.Region, Type: networkPrivate,
				SourcePrivateIP: sources, Created: s.e.now(),
			})
		}),
		each(s, "policy", doc.Policies, s.policy),
		each(s, "access point", doc.AccessPoints, func(a SeedAccessPoint) error {
			s.fill(&a.SeedPlace)
			return seed(s, t.accessPoints, scope(a.Account, a.Region, a.Name), a.Name, AccessPoint{
				Name: a.Name, Account: a.Account, Region: a.Region, AuthMethod: authClientKey,
				Policies: a.Policies, Created: s.e.now(),
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

func (s *seeding) fill(p *SeedPlace) {
	if p.Account == "" {
		p.Account = s.e.opts.Account
	}
	if p.Region == "" {
		p.Region = s.e.opts.Region
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

func (s *seeding) accessKey(k SeedAccessKey) error {
	if k.Account == "" {
		k.Account = s.e.opts.Account
	}
	if k.Principal == "" {
		k.Principal = "acs:ram::" + k.Account + ":root"
	}
	if k.Secret == "" {
		return errors.New("has no secret")
	}
	return seed(s, s.e.table.credentials, k.ID, k.ID, Credential{
		AccessKeyID: k.ID, Secret: k.Secret, SecurityToken: k.SecurityToken,
		Expires: k.Expires, Account: k.Account, Principal: k.Principal,
	})
}

func (s *seeding) instance(in SeedInstance) error {
	s.fill(&in.SeedPlace)
	i := s.e.generousInstance(Bootstrap{Account: in.Account, Region: in.Region, Instance: in.ID})
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
	case "", kindSoftware:
	case kindHardware:
		i.Kind = kindHardware
	default:
		return fmt.Errorf("%s: kind %q is neither %s nor %s", in.ID, in.Kind, kindSoftware, kindHardware)
	}
	return seed(s, s.e.table.instances, scope(i.Account, i.Region, i.ID), i.ID, i)
}

func (s *seeding) alias(a SeedAlias) error {
	if _, err := validAlias(&a.Name); err != nil {
		return fmt.Errorf("%s: %w", a.Name, err)
	}
	if _, found := s.e.table.keys.Peek(s.tx, scope(a.Account, a.Region, a.Key)); !found {
		return fmt.Errorf("%s: there is no key %q in %s of account %s", a.Name, a.Key, a.Region, a.Account)
	}
	return seed(s, s.e.table.aliases, scope(a.Account, a.Region, a.Name), a.Name, Alias{
		Name: a.Name, KeyID: a.Key, Account: a.Account, Region: a.Region, Created: s.e.now(),
	})
}

func (s *seeding) policy(in SeedPolicy) error {
	s.fill(&in.SeedPlace)
	p := Policy{
		Name: in.Name, Account: in.Account, Region: in.Region, Instance: in.Instance,
		Permissions: in.Permissions, Resources: in.Resources, Created: s.e.now(),
	}
	if p.Permissions == nil {
		p.Permissions = []string{permissionKeys, permissionSecrets}
	}
	if p.Resources == nil {
		p.Resources = []string{"key/*", "secret/*"}
	}
	if in.NetworkRules != nil {
		p.AccessControlRules = `{"NetworkRules":` + jsonNames(in.NetworkRules) + `}`
	}
	return seed(s, s.e.table.policies, scope(p.Account, p.Region, p.Name), p.Name, p)
}

// key builds the key as CreateKey would and then gives it what was asked for.
func (s *seeding) key(in SeedKey) error {
	s.fill(&in.SeedPlace)
	if in.ID == "" {
		return errors.New("has no id")
	}
	old, exists := s.e.table.keys.Get(s.tx, scope(in.Account, in.Region, in.ID))
	if s.skip(exists) {
		return nil
	}
	k, err := s.seededKey(in)
	if err != nil {
		return fmt.Errorf("%s: %w", in.ID, err)
	}
	for _, id := range old.Versions {
		s.e.table.keyVersions.Delete(s.tx, scope(old.Account, old.Region, id))
	}
	if err := s.versions(k, in); err != nil {
		return fmt.Errorf("%s: %w", in.ID, err)
	}
	// The versions are as the author wants them: turns of the past are not made up for.
	if now := s.e.second(); k.Rotate && k.nextRotation().Before(now) {
		k.LastRotation = now
	}
	s.e.putKey(s.tx, k)
	return nil
}

func (s *seeding) seededKey(in SeedKey) (*Key, error) {
	c := &Call{Account: in.Account, Region: in.Region}
	rotate := in.RotationInterval != ""
	k, err := s.e.requestedKey(s.tx, c, &CreateKeyRequest{
		DKMSInstanceId: &in.Instance, Description: &in.Description, EnableAutomaticRotation: &rotate,
		KeySpec: &in.Spec, KeyUsage: &in.Usage, Origin: &in.Origin, ProtectionLevel: &in.ProtectionLevel,
		RotationInterval: &in.RotationInterval,
	})
	if err != nil {
		return nil, err
	}
	k.ID, k.Tags, k.Created = in.ID, in.Tags, in.Created
	if k.Created.IsZero() {
		k.Created = s.e.now()
	}
	k.Policy, k.Protected, k.MaterialExpires = string(in.Policy), in.DeletionProtection, in.MaterialExpires
	if in.Creator != "" {
		k.Creator = in.Creator
	}
	if in.Service {
		k.CreatorType = creatorService
	}
	return k, k.seedState(in)
}

func (k *Key) seedState(in SeedKey) error {
	switch in.State {
	case "":
		if len(in.Versions) > 0 && k.Origin == originExternal {
			k.State = stateEnabled
		}
		return nil
	case statePendingDeletion:
		if in.DeleteAt.IsZero() {
			return errors.New("PendingDeletion needs delete_at")
		}
		k.DeleteAt = in.DeleteAt.UTC().Truncate(time.Second)
	case stateEnabled, stateDisabled, statePendingImport:
	default:
		return fmt.Errorf("state %q is not one of Enabled, Disabled, PendingDeletion, PendingImport", in.State)
	}
	k.State = in.State
	return nil
}

func (s *seeding) versions(k *Key, in SeedKey) error {
	list := in.Versions
	if len(list) == 0 {
		list = []SeedKeyVersion{{}}
	}
	for i, v := range list {
		if err := s.version(k, v, len(in.Versions) == 0); err != nil {
			return fmt.Errorf("version %d: %w", i+1, err)
		}
	}
	return nil
}

func (s *seeding) version(k *Key, v SeedKeyVersion, implied bool) error {
	material := v.Material
	awaits := k.Origin == originExternal && implied
	var err error
	if len(material) == 0 && !awaits {
		if material, err = crypt.Generate(s.e.rand, k.Spec); err != nil {
			return err
		}
	}
	if !awaits {
		if _, err := crypt.Parse(k.Spec, material); err != nil {
			return err
		}
		if k.Origin == originExternal {
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
func (s *seeding) storeVersion(k *Key, id string, created time.Time, material []byte) error {
	if id == "" {
		_, err := s.e.storeVersion(s.tx, k, created, material)
		return err
	}
	if len(id) != versionIDSize {
		return fmt.Errorf("id %q has %d characters instead of %d, which ciphertexts need", id, len(id), versionIDSize)
	}
	if old, taken := s.e.table.keyVersions.Peek(s.tx, scope(k.Account, k.Region, id)); taken {
		return fmt.Errorf("id %q belongs to key %s", id, old.KeyID)
	}
	s.e.keepVersion(s.tx, k, &KeyVersion{
		ID: id, KeyID: k.ID, Account: k.Account, Region: k.Region, Instance: k.Instance, Created: created, Material: material,
	})
	return nil
}

// secret stores the values as they are given; rotation is left to CreateSecret.
func (s *seeding) secret(in SeedSecret) error {
	s.fill(&in.SeedPlace)
	if in.Type == "" {
		in.Type = "Generic"
	}
	t := &s.e.table
	place := scope(in.Account, in.Region, in.Name)
	old, exists := t.secrets.Get(s.tx, place)
	if in.Name == "" || len(in.Versions) == 0 {
		return errors.New("needs a name and at least one version")
	}
	if s.skip(exists) {
		return nil
	}
	for _, id := range old.Versions {
		t.secretVersion.Delete(s.tx, scope(in.Account, in.Region, in.Name+"\x00"+id))
	}
	now := s.e.second()
	secret := Secret{
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
		t.secretVersion.Put(s.tx, scope(in.Account, in.Region, in.Name+"\x00"+v.ID), SecretVersion{
			ID: v.ID, Secret: in.Name, Account: in.Account, Region: in.Region,
			Data: []byte(v.Data), DataType: v.DataType, Stages: v.Stages, Created: now,
		})
	}
	t.secrets.Put(s.tx, place, secret)
	return nil
}
