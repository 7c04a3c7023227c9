package core

import (
	"google.golang.org/protobuf/proto"
)

// Group names a quota group of the public gateway (KMS performance data).
type Group string

// The quota groups; Throttle (package throttle) holds their figures.
const (
	GroupService       Group = "service"        // OpenKmsService, DescribeAccountKmsStatus
	GroupInstanceWrite Group = "instance-write" //
	GroupInstanceRead  Group = "instance-read"  //
	GroupKeyRead       Group = "key-read"       // DescribeKey, List*, GetPublicKey, ListTagResources …
	GroupKeyTags       Group = "key-tags"       // ListResourceTags
	GroupCreateKey     Group = "create-key"     //
	GroupKeyWrite      Group = "key-write"      // alias, key and tag writes
	GroupSymmetric     Group = "symmetric"      // symmetric cryptography
	GroupAsymmetric    Group = "asymmetric"     // asymmetric cryptography
	GroupSecretWrite   Group = "secret-write"   //
	GroupSecretRead    Group = "secret-read"    //
	GroupNone          Group = ""               // not throttled
)

// Operation is one API of the public (and, where Dedicated is set, dedicated)
// gateway. The gateway decodes the request's parameters into New() by field name,
// calls Handle and encodes the answer; RequestId is added by the gateway.
//
// Request structs are flat; a field's name is the wire parameter's name. Field types:
// *string (nil = absent), *int64, *bool; map[string]any through JSONMap for parameters
// sent as JSON objects; []string for flattened lists (ResourceId.1, ResourceId.2 …);
// []struct for flattened lists of objects (Tag.1.Key, Tag.1.Value …).
// Response structs are marshalled with encoding/json; field names are wire names.
type Operation struct {
	Name      string
	Group     Group
	Mutates   bool       // writes to the store
	Dedicated bool       // also served by the dedicated gateway
	New       func() any // a new, empty request
	Answer    func() any // a new, empty answer, for checks of its shape
	Handle    func(e *Engine, c *Call, in any) (any, error)
}

// JSONMap is a parameter sent as a JSON object in one string (EncryptionContext,
// ExtendedConfig). The gateway parses it; a value that is not an object is
// InvalidParameter. Values are any JSON type, so that handlers can refuse
// those that are not strings.
type JSONMap map[string]any

// Op builds an Operation from a typed handler, so that handlers stay free of any.
func Op[In, Out any](name string, group Group, handle func(*Engine, *Call, *In) (*Out, error)) Operation {
	return Operation{
		Name:   name,
		Group:  group,
		New:    func() any { return new(In) },
		Answer: func() any { return new(Out) },
		Handle: func(e *Engine, c *Call, in any) (any, error) {
			if err := e.settle(); err != nil {
				return nil, err
			}
			out, err := handle(e, c, in.(*In))
			if err != nil {
				return nil, err
			}
			return out, nil
		},
	}
}

// Mutating marks an operation as one that writes.
func (o Operation) Mutating() Operation { o.Mutates = true; return o }

// dedicated marks an operation as served by the dedicated gateway too.
func (o Operation) OnDedicated() Operation { o.Dedicated = true; return o }

// InstanceOperation is one API of the instance gateway (protobuf, dkms-gcs-0.2).
// In and out are messages of package dkms; the handler fills everything of the
// answer except RequestId's transport, which it takes from Call.RequestID.
type InstanceOperation struct {
	Name   string
	New    func() proto.Message
	Handle func(e *Engine, c *Call, in proto.Message) (proto.Message, error)
}

// Iop builds an InstanceOperation from a typed handler.
func Iop[In any, PIn interface {
	*In
	proto.Message
}, Out proto.Message](name string, handle func(*Engine, *Call, PIn) (Out, error)) InstanceOperation {
	return InstanceOperation{
		Name: name,
		New:  func() proto.Message { return PIn(new(In)) },
		Handle: func(e *Engine, c *Call, in proto.Message) (proto.Message, error) {
			if err := e.settle(); err != nil {
				return nil, err
			}
			if err := e.admitSource(c); err != nil {
				return nil, err
			}
			out, err := handle(e, c, in.(PIn))
			if err != nil {
				return nil, err
			}
			return out, nil
		},
	}
}
