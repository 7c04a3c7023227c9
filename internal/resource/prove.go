package resource

import (
	"context"
	"fmt"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// UnprovenError says that a created object could not be shown to be the one that was
// asked for. What the call did is unknown: nothing is recorded, and its intent stays open.
type UnprovenError struct {
	Operation string
	ID        string // what the answer named
	Reason    string
	Err       error // what stood in the way of reading it; nil when it was read
}

func (e *UnprovenError) Error() string {
	return fmt.Sprintf("%s answered with %s, and %s; nothing is recorded of it, and the next plan or apply finds out", e.Operation, e.ID, e.Reason)
}

func (e *UnprovenError) Unwrap() error { return e.Err }

func unread(operation, id string, err error) error {
	return &UnprovenError{Operation: operation, ID: id, Reason: fmt.Sprintf("it could not be read back: %v", err), Err: err}
}

// prove finds a created key by the intent tag that it was created with. Where the call was carried
// out twice the older key is taken, and the other is reported. A tag that is not listed yet is
// waited for; another one refuses.
func (s *Session) prove(ctx context.Context, key kms.Key) (kms.Key, error) {
	for look := s.patience(); ; {
		tagged, err := s.Manager.ListTagResources(ctx, kms.KindKey, kms.TagQuery{Tags: map[string]string{plan.TagIntent: s.Intent}})
		if err != nil {
			return kms.Key{}, unread("CreateKey", key.ID, err)
		}
		if _, ours := tagged[key.ID]; ours && len(tagged) == 1 {
			return key, nil
		} else if ours {
			return s.older(ctx, key)
		}
		tags, err := s.Manager.ListResourceTags(ctx, key.ID)
		if err != nil && !kms.IsNotFound(err) { // which a key is that is not listed yet
			return kms.Key{}, unread("CreateKey", key.ID, err)
		}
		if proven, err := s.carries("CreateKey", key.ID, tags); proven || err != nil {
			return key, err
		}
		if !look.more(ctx) {
			return kms.Key{}, &UnprovenError{Operation: "CreateKey", ID: key.ID, Reason: "that key does not carry the tag it was to be created with"}
		}
	}
}

// carries reports whether an object carries this change's intent; another's is an error.
func (s *Session) carries(operation, id string, tags map[string]string) (bool, error) {
	intent, owner := tags[plan.TagIntent], tags[plan.TagOwner]
	if intent == s.Intent {
		return true, nil
	}
	if intent != "" || owner != "" {
		return false, &UnprovenError{Operation: operation, ID: id, Reason: fmt.Sprintf("that object was created by another change (%s, for %s of the stack %s)",
			orNone(intent), orNone(plan.TaggedAddress(tags[plan.TagAddress])), orNone(owner))}
	}
	return false, nil
}

// older is the oldest key of this change's intent.
func (s *Session) older(ctx context.Context, answered kms.Key) (kms.Key, error) {
	keys, err := findIntent(ctx, s.Manager, s.Intent)
	if err != nil {
		return kms.Key{}, unread("CreateKey", answered.ID, err)
	}
	if len(keys) == 0 {
		return answered, nil
	}
	return s.oldest(keys), nil
}

// oldest takes the first of several keys and remembers the others, newest first.
func (s *Session) oldest(keys []kms.Key) kms.Key {
	for _, k := range keys[1:] {
		s.Duplicates = append([]string{k.ID}, s.Duplicates...)
	}
	return keys[0]
}

// proveSecret reads a created secret's metadata back with its intent tag.
func (s *Session) proveSecret(ctx context.Context, name string) (kms.SecretInfo, error) {
	for look := s.patience(); ; {
		info, err := s.Manager.DescribeSecret(ctx, name)
		if err != nil && !kms.IsNotFound(err) {
			return info, unread("CreateSecret", name, err)
		}
		if proven, err := s.carries("CreateSecret", name, info.Tags); proven || err != nil {
			return info, err
		}
		if !look.more(ctx) {
			return info, &UnprovenError{Operation: "CreateSecret", ID: name, Reason: "that secret does not carry the tag it was to be created with"}
		}
	}
}

// OtherARNError says that a gateway described a key of ours under another ARN than the one that
// state has: the answer is about a key of another account or region. Nothing was called.
type OtherARNError struct {
	ID, Recorded, Answered string
}

func (e *OtherARNError) Error() string {
	return fmt.Sprintf("the gateway says that key %s is %s, and state has it as %s; nothing was called; check the gateway's endpoint, region and credentials",
		e.ID, e.Answered, e.Recorded)
}

// sameARN holds a description against the ARN that state has of the key.
func sameARN(k kms.Key, known *state.Resource) error {
	if known == nil || known.ID != k.ID {
		return nil
	}
	if arn, _ := known.Attributes["arn"].(string); arn != "" && k.ARN != "" && arn != k.ARN && !safety.Off(safety.SameARN) {
		return &OtherARNError{ID: k.ID, Recorded: arn, Answered: k.ARN}
	}
	return nil
}
