package engine

import "google.golang.org/protobuf/proto"

// InstanceOperation is one API of the instance gateway (protobuf, dkms-gcs-0.2).
// In and out are messages of package dkms; the handler fills everything of the
// answer except RequestId's transport, which it takes from Call.RequestID.
type InstanceOperation struct {
	Name   string
	New    func() proto.Message
	Handle func(e *Engine, c *Call, in proto.Message) (proto.Message, error)
}

// iop builds an InstanceOperation from a typed handler.
func iop[In any, PIn interface {
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

// InstanceOperations returns the 15 operations of the instance gateway by name.
func InstanceOperations() map[string]InstanceOperation {
	all := map[string]InstanceOperation{}
	for _, o := range instanceCryptoOperations() {
		all[o.Name] = o
	}
	return all
}
