package core

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
	BootstrapName  = "kmsplan" // of the access point, its policy and its network rule
	bootstrapImage = "4.2.0"
	accessKeyTail  = 18 // LTAI5t and 18 characters
	accessKeySize  = 30 // characters of an AccessKey secret
)

// Bootstrap returns what the engine set up.
func (e *Engine) Bootstrap() Bootstrap { return e.bootstrapOf(e.Opts.Region) }

func (e *Engine) bootstrapOf(region string) (b Bootstrap) {
	_ = e.Db.View(func(tx *store.Tx) error {
		b, _ = e.Table.bootstrap.Get(tx, Scope(e.Opts.Account, region, ""))
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
	b := Bootstrap{Account: e.Opts.Account, Region: region, AccessPoint: BootstrapName}
	place := Scope(b.Account, b.Region, "")
	return b, e.Db.Update(func(tx *store.Tx) error {
		credential, err := e.NewCredential(b.Account, "acs:ram::"+b.Account+":root")
		if err != nil {
			return err
		}
		b.AccessKeyID = credential.AccessKeyID
		e.Table.Credentials.Put(tx, credential.AccessKeyID, credential)
		if b.Instance, err = e.newInstanceID(b.Region); err != nil {
			return err
		}
		e.PutInstance(tx, e.GenerousInstance(b))
		e.putAccess(tx, b)
		e.Table.bootstrap.Put(tx, place, b)
		return nil
	})
}

// renewImage gives a first instance that is kept on disk the image that is asked
// for now.
func (e *Engine) renewImage(b Bootstrap) error {
	if e.Opts.InstanceImage == "" {
		return nil
	}
	return e.Db.Update(func(tx *store.Tx) error {
		i, found := e.Table.Instances.Get(tx, Scope(b.Account, b.Region, b.Instance))
		if found && i.Image != e.Opts.InstanceImage {
			i.Image = e.Opts.InstanceImage
			e.PutInstance(tx, i)
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
	_ = e.Db.View(func(tx *store.Tx) error {
		for _, i := range e.Table.Instances.Scan(tx, "") {
			if i.ID == instance {
				speaks = ImageAtLeast(i.Image, leastRAMImage)
			}
		}
		return nil
	})
	return speaks
}

func (e *Engine) GenerousInstance(b Bootstrap) KMSInstance {
	now, image := e.Second(), e.Opts.InstanceImage
	if image == "" {
		image = bootstrapImage
	}
	return KMSInstance{
		ID: b.Instance, Account: b.Account, Region: b.Region, Name: BootstrapName,
		Kind: KindSoftware, Image: image, NationalCrypto: true, PublicAccess: true,
		Status: statusConnected, Spec: undocumented.BootstrapSpec, KeyNum: undocumented.BootstrapKeyNum,
		VPCNum: undocumented.BootstrapVPCNum, SecretNum: fmt.Sprint(undocumented.BootstrapSecretNum),
		VPCID: "vpc-" + BootstrapName, VSwitchIDs: "vsw-" + BootstrapName, ZoneIDs: b.Region + "-h," + b.Region + "-i",
		Created: now, Start: now, End: now.AddDate(10, 0, 0),
	}
}

// putAccess adds the access point, its policy over the whole instance and its
// network rule, so that a client key can be minted.
func (e *Engine) putAccess(tx *store.Tx, b Bootstrap) {
	now := e.Now()
	e.Table.NetworkRules.Put(tx, Scope(b.Account, b.Region, BootstrapName), NetworkRule{
		Name: BootstrapName, Account: b.Account, Region: b.Region, Type: NetworkPrivate,
		SourcePrivateIP: `["127.0.0.0/8","::1/128","10.0.0.0/8","172.16.0.0/12","192.168.0.0/16"]`, Created: now,
	})
	e.Table.Policies.Put(tx, Scope(b.Account, b.Region, BootstrapName), Policy{
		Name: BootstrapName, Account: b.Account, Region: b.Region, Instance: b.Instance,
		Permissions:        []string{PermissionKeys, PermissionSecrets},
		Resources:          []string{"key/*", "secret/*"},
		AccessControlRules: `{"NetworkRules":["` + BootstrapName + `"]}`, Created: now,
	})
	e.Table.AccessPoints.Put(tx, Scope(b.Account, b.Region, BootstrapName), AccessPoint{
		Name: BootstrapName, Account: b.Account, Region: b.Region, AuthMethod: AuthClientKey,
		Policies: []string{BootstrapName}, Created: now,
	})
}

func (e *Engine) NewCredential(account, principal string) (Credential, error) {
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
