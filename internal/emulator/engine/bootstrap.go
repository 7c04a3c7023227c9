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
func (e *Engine) Bootstrap() Bootstrap {
	var b Bootstrap
	_ = e.db.View(func(tx *store.Tx) error {
		b, _ = e.table.bootstrap.Get(tx, scope(e.opts.Account, e.opts.Region, ""))
		return nil
	})
	return b
}

// bootstrap sets up the first records of Options.Account in Options.Region, once.
func (e *Engine) bootstrap() error {
	b := Bootstrap{Account: e.opts.Account, Region: e.opts.Region, AccessPoint: bootstrapName}
	place := scope(b.Account, b.Region, "")
	if e.Bootstrap().Account != "" {
		return nil
	}
	return e.db.Update(func(tx *store.Tx) error {
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

func (e *Engine) generousInstance(b Bootstrap) KMSInstance {
	now := e.second()
	return KMSInstance{
		ID: b.Instance, Account: b.Account, Region: b.Region, Name: bootstrapName,
		Kind: kindSoftware, Image: bootstrapImage, NationalCrypto: true, PublicAccess: true,
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
