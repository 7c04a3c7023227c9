package engine

import (
	"fmt"
	"strings"

	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

// Bootstrap names what an engine sets up on its own for Options.Account in
// Options.Region, so that a client can do everything at once.
type Bootstrap struct {
	Account, Region string
	AccessKeyID     string // of the account's root; see Engine.Credential for its secret
	Instance        string // a software instance with everything switched on
	AccessPoint     string // an access point with one policy for the whole instance
}

const (
	bootstrapName  = "kmsplan" // of the access point, its policy and its network rule
	bootstrapImage = "4.2.0"
	accessKeyTail  = 18 // LTAI5t and 18 characters
	accessKeySize  = 30 // characters of an AccessKey secret
)

// Bootstrap returns what the engine set up.
func (e *Engine) Bootstrap() Bootstrap { return e.bootstrapOf(e.opts.Region) }

func (e *Engine) bootstrapOf(region string) (b Bootstrap) {
	_ = e.db.View(func(tx *store.Tx) error {
		b, _ = e.table.bootstrap.Get(tx, scope(e.opts.Account, region, ""))
		return nil
	})
	return b
}

// firstInstance is the instance that the region was set up with, or else the
// engine's.
func (e *Engine) firstInstance(region string) string {
	if b := e.bootstrapOf(region); b.Instance != "" {
		return b.Instance
	}
	return e.Bootstrap().Instance
}

// BootstrapIn sets up the first records of Options.Account in a region, once: each
// region has an instance, an access point and an AccessKey of its own.
func (e *Engine) BootstrapIn(region string) (Bootstrap, error) {
	if b := e.bootstrapOf(region); b.Account != "" {
		return b, e.renewImage(b)
	}
	b := Bootstrap{Account: e.opts.Account, Region: region, AccessPoint: bootstrapName}
	place := scope(b.Account, b.Region, "")
	return b, e.db.Update(func(tx *store.Tx) error {
		credential, err := e.newCredential(b.Account, "acs:ram::"+b.Account+":root")
		if err != nil {
			return err
		}
		b.AccessKeyID = credential.AccessKeyID
		e.table.credentials.Put(tx, credential.AccessKeyID, credential)
		if b.Instance, err = e.newInstanceID(b.Region); err != nil {
			return err
		}
		e.putInstance(tx, e.generousInstance(b))
		e.putAccess(tx, b)
		e.table.bootstrap.Put(tx, place, b)
		return nil
	})
}

// renewImage gives a first instance that is kept on disk the image that is asked
// for now.
func (e *Engine) renewImage(b Bootstrap) error {
	if e.opts.InstanceImage == "" {
		return nil
	}
	return e.db.Update(func(tx *store.Tx) error {
		i, found := e.table.instances.Get(tx, scope(b.Account, b.Region, b.Instance))
		if found && i.Image != e.opts.InstanceImage {
			i.Image = e.opts.InstanceImage
			e.putInstance(tx, i)
		}
		return nil
	})
}

// leastRAMImage is the image from which on an instance's host speaks OpenAPI with
// RAM credentials (KMS: access FAQ).
const leastRAMImage = "3.0.0"

// SpeaksRAM tells whether an instance's own host takes calls with RAM credentials;
// "" is the region's first instance. An older image knows ClientKeys only.
func (e *Engine) SpeaksRAM(region, instance string) bool {
	if instance == "" {
		instance = e.firstInstance(region)
	}
	speaks := true
	_ = e.db.View(func(tx *store.Tx) error {
		for _, i := range e.table.instances.Scan(tx, "") {
			if i.ID == instance {
				speaks = imageAtLeast(i.Image, leastRAMImage)
			}
		}
		return nil
	})
	return speaks
}

func (e *Engine) generousInstance(b Bootstrap) KMSInstance {
	now, image := e.second(), e.opts.InstanceImage
	if image == "" {
		image = bootstrapImage
	}
	return KMSInstance{
		ID: b.Instance, Account: b.Account, Region: b.Region, Name: bootstrapName,
		Kind: kindSoftware, Image: image, NationalCrypto: true, PublicAccess: true,
		Status: statusConnected, Spec: undocumented.BootstrapSpec, KeyNum: undocumented.BootstrapKeyNum,
		VPCNum: undocumented.BootstrapVPCNum, SecretNum: fmt.Sprint(undocumented.BootstrapSecretNum),
		VPCID: "vpc-" + bootstrapName, VSwitchIDs: "vsw-" + bootstrapName, ZoneIDs: b.Region + "-h," + b.Region + "-i",
		Created: now, Start: now, End: now.AddDate(10, 0, 0),
	}
}

// putAccess adds the access point, its policy over the whole instance and its
// network rule, so that a client key can be minted.
func (e *Engine) putAccess(tx *store.Tx, b Bootstrap) {
	now := e.now()
	e.table.networkRules.Put(tx, scope(b.Account, b.Region, bootstrapName), NetworkRule{
		Name: bootstrapName, Account: b.Account, Region: b.Region, Type: networkPrivate,
		SourcePrivateIP: `["127.0.0.0/8","::1/128","10.0.0.0/8","172.16.0.0/12","192.168.0.0/16"]`, Created: now,
	})
	e.table.policies.Put(tx, scope(b.Account, b.Region, bootstrapName), Policy{
		Name: bootstrapName, Account: b.Account, Region: b.Region, Instance: b.Instance,
		Permissions:        []string{permissionKeys, permissionSecrets},
		Resources:          []string{"key/*", "secret/*"},
		AccessControlRules: `{"NetworkRules":["` + bootstrapName + `"]}`, Created: now,
	})
	e.table.accessPoints.Put(tx, scope(b.Account, b.Region, bootstrapName), AccessPoint{
		Name: bootstrapName, Account: b.Account, Region: b.Region, AuthMethod: authClientKey,
		Policies: []string{bootstrapName}, Created: now,
	})
}

func (e *Engine) newCredential(account, principal string) (Credential, error) {
	id, err := e.letters(accessKeyTail)
	if err != nil {
		return Credential{}, err
	}
	secret, err := e.letters(accessKeySize)
	if err != nil {
		return Credential{}, err
	}
	return Credential{AccessKeyID: "LTAI5t" + strings.ToUpper(id[:1]) + id[1:], Secret: secret, Account: account, Principal: principal}, nil
}
