package stack

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"

	"golang.org/x/sync/errgroup"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/version"
)

// What the fingerprint key's encryption context says beside what the encryption block adds.
const (
	contextLineage = "kmsplan:lineage"
	contextPurpose = "kmsplan:purpose"
	purposeOfKey   = "fingerprints"
)

// fingerprinting is how a stack makes and checks fingerprints in one run.
type fingerprinting struct {
	prints *state.Fingerprints      // nil before the state is read
	fresh  *state.FingerprintScheme // made or wrapped anew by this run, and not recorded yet
}

// fingerprints are the stack's, by the scheme that its state records. The key is unwrapped when it is first
// needed: one call a run.
func (s *Stack) fingerprints() *state.Fingerprints {
	if s.finger.prints == nil {
		s.finger.prints = state.NewFingerprints(s.unwrapper(context.Background(), s.State.Scheme))
	}
	return s.finger.prints
}

func (s *Stack) unwrapper(ctx context.Context, scheme *state.FingerprintScheme) func() ([]byte, error) {
	if scheme == nil {
		return nil
	}
	lineage := s.State.Lineage
	return func() ([]byte, error) {
		key, err := s.unwrap(ctx, scheme, lineage)
		if err != nil {
			return nil, hint(fmt.Errorf("the stack's fingerprint key cannot be unwrapped: %w", err),
				fmt.Sprintf("This run needs the right to decrypt with key %s, which has to be enabled, through gateway %q.", scheme.KeyID, scheme.Gateway))
		}
		return key, nil
	}
}

// unwrap opens the envelope in which the state has the fingerprint key.
func (s *Stack) unwrap(ctx context.Context, scheme *state.FingerprintScheme, lineage string) ([]byte, error) {
	if scheme.Name != state.SchemeKeyed {
		return nil, fmt.Errorf("scheme %q is not known to this version of kmsplan; upgrade kmsplan", scheme.Name)
	}
	if scheme.Context[contextLineage] != lineage || scheme.Context[contextPurpose] != purposeOfKey {
		return nil, errors.New("it was made for another stack, or for another purpose")
	}
	sealed, err := base64.StdEncoding.DecodeString(scheme.Wrapped)
	if err != nil {
		return nil, errors.New("the state holds no base64 in its place")
	}
	var key bytes.Buffer
	_, err = s.engine.DecryptVerified(ctx, &key, bytes.NewReader(sealed), int64(len(sealed)), ops.Unseal{Context: scheme.Context}, nil)
	return key.Bytes(), err
}

// prepareFingerprints makes the stack's fingerprint key if the encryption block asks for one and there is none, and
// wraps it anew if the block names another KMS key or that was rotated. The next transaction records it.
func (s *Stack) prepareFingerprints(ctx context.Context, lineage string) error {
	e := s.Config.Settings.Encryption
	if e == nil || !e.Enabled || e.Key == "" || s.finger.fresh != nil || !s.fingerprinted() {
		return nil
	}
	if s.State.Scheme == nil {
		key := make([]byte, state.FingerprintKeySize)
		rand.Read(key)
		scheme, err := s.wrap(ctx, e, lineage, key)
		if err != nil {
			return err
		}
		s.finger = fingerprinting{state.NewFingerprints(func() ([]byte, error) { return key, nil }), scheme}
		return nil
	}
	facts := s.lookUp(ctx, gatewayOf(e), e.Key)
	recorded := *s.State.Scheme
	if !facts.exists || facts.ID == "" || facts.ID == recorded.KeyID && (facts.Version == "" || facts.Version == recorded.KeyVersion) {
		return nil
	}
	key, err := s.unwrap(ctx, &recorded, s.State.Lineage)
	if err != nil {
		return hint(fmt.Errorf("wrap the stack's fingerprint key under %s: %w", e.Key, err),
			fmt.Sprintf("It is wrapped under key %s now, which has to open it once more.", recorded.KeyID))
	}
	s.finger.fresh, err = s.wrap(ctx, e, lineage, key)
	return err
}

// fingerprinted reports whether the module has something that is fingerprinted.
func (s *Stack) fingerprinted() bool {
	return slices.ContainsFunc(s.Config.Blocks, func(b *hcl.Block) bool {
		return slices.Contains([]string{"secret", "encrypt", "decrypt"}, b.Addr.Kind)
	})
}

// wrap seals the fingerprint key into an envelope of its own, whose data key is proved.
func (s *Stack) wrap(ctx context.Context, e *hcl.Encryption, lineage string, key []byte) (*state.FingerprintScheme, error) {
	ec := map[string]string{}
	maps.Copy(ec, e.Context)
	ec[contextLineage], ec[contextPurpose] = lineage, purposeOfKey
	var sealed bytes.Buffer
	got, err := s.gateways.Engine().EncryptStream(ctx, &sealed, bytes.NewReader(key), int64(len(key)), "", ops.Seal{
		Gateway: gatewayOf(e), Key: e.Key, Context: ec, Recipients: e.Recipients,
	}, nil)
	if err != nil {
		return nil, fmt.Errorf("wrap the stack's fingerprint key: %w", err)
	}
	return &state.FingerprintScheme{
		Name: state.SchemeKeyed, Gateway: gatewayOf(e), KeyID: ops.KeyID(got.KeyARN), KeyVersion: got.KeyVersion, Context: ec,
		Wrapped: base64.StdEncoding.EncodeToString(sealed.Bytes()),
	}, nil
}

func gatewayOf(e *hcl.Encryption) string {
	if e.Gateway == nil {
		return ""
	}
	return e.Gateway.Name
}

// refingerprint records the scheme where the apply had nothing to do and did not, and puts the fingerprints of what
// is unchanged under it. It is the end of every apply.
func (s *Stack) refingerprint(ctx context.Context) error {
	if reflect.DeepEqual(s.finger.fresh, s.State.Scheme) {
		s.finger.fresh = nil // recorded
	}
	if s.finger.fresh == nil && s.State.Scheme == nil {
		return nil
	}
	entries, err := s.renewed(ctx)
	if err != nil || len(entries) == 0 && s.finger.fresh == nil {
		return err
	}
	if s.finger.fresh != nil {
		entries = append([]state.Entry{state.SchemeEntry(*s.finger.fresh)}, entries...)
	}
	return s.record(ctx, entries)
}

// record puts entries into the state, in a transaction of their own. They are about the state as it was read: if
// somebody wrote to it since, they are left to the next apply, which is said.
func (s *Stack) record(ctx context.Context, entries []state.Entry) (err error) {
	lock, err := state.LockWait(ctx, s.store, state.NewLockInfo("apply", s.options.Now()), s.options.LockTimeout)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	journal, at, err := state.Open(ctx, s.store, version.Number)
	if err != nil {
		return err
	}
	if at.State.Serial != s.State.Serial {
		s.options.Note(overtaken(entries))
		return journal.Abandon()
	}
	journal.Born(s.State.Lineage)
	if err := journal.Append(entries...); err != nil {
		return errors.Join(err, journal.Abandon())
	}
	stored, err := journal.Commit(ctx)
	if err == nil {
		s.State, s.finger.fresh = stored.State, nil
	}
	return err
}

// overtaken says what was not recorded, because another run wrote the state meanwhile.
func overtaken(entries []state.Entry) string {
	n := len(slices.DeleteFunc(slices.Clone(entries), func(e state.Entry) bool { return e.Op == state.OpScheme }))
	what := "the stack's fingerprint key was"
	if n > 0 {
		what = fmt.Sprintf("the fingerprints of %d values and files were", n)
	}
	return what + " not brought under the configured key, because another run wrote the state meanwhile; apply again, which does it"
}

// renewed are the entries that put fingerprints of another scheme under the stack's, where what they were made
// of is at hand and unchanged.
func (s *Stack) renewed(ctx context.Context) ([]state.Entry, error) {
	var entries []state.Entry
	for _, v := range append(plan.WriteOnlyValues(s.Config, s.State, s.live), s.materialValues()...) {
		f, done, err := s.fingerprints().Renewed(v.Fingerprint, v.Address, v.Value)
		clear(v.Value)
		if err != nil {
			return nil, err
		}
		if r, ok := state.Find(s.State, v.Address); ok && done {
			r.Fingerprints = maps.Clone(r.Fingerprints)
			r.Fingerprints[v.Print] = f
			entries = append(entries, state.Record(r))
		}
	}
	root, err := os.OpenRoot(s.Config.Dir)
	if err != nil {
		return nil, fmt.Errorf("open the module directory: %w", err)
	}
	defer root.Close()
	files, err := ops.Renew(ctx, root, s.State.Files, s.fingerprints())
	for _, f := range files {
		entries = append(entries, state.FileEntry(f))
	}
	return entries, err
}

// compare holds values against fingerprints for a plan. What will be compared is compared at once, because a
// slow fingerprint takes its time.
func (s *Stack) compare() func(address string, f state.Fingerprint, value []byte) state.Match {
	type question struct {
		f     state.Fingerprint
		value string
	}
	values := plan.WriteOnlyValues(s.Config, s.State, s.live)
	answers := make([]state.Match, len(values))
	var g errgroup.Group
	g.SetLimit(4) // package state bounds the slow ones
	prints := s.fingerprints()
	for i, v := range values {
		g.Go(func() error { answers[i] = prints.Compare(v.Fingerprint, v.Value); return nil })
	}
	_ = g.Wait()
	known := map[question]state.Match{}
	for i, v := range values {
		known[question{v.Fingerprint, string(v.Value)}] = answers[i]
	}
	return func(_ string, f state.Fingerprint, value []byte) state.Match {
		if m, ok := known[question{f, string(value)}]; ok {
			return m
		}
		return prints.Compare(f, value)
	}
}
