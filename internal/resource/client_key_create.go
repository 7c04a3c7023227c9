package resource

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"time"

	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// What the intent of a CreateClientKey remembers, to find the client key of a lost answer by, and the files of an answer
// that was kept.
const (
	detailPoint     = "access_point"
	detailNotBefore = "not_before"
	detailNotAfter  = "not_after"
	detailMadeWith  = "made_with"
)

// create makes a client key, and gives its file the place of the one before.
func (w *clientKeyWork) create(ctx context.Context) (*state.Resource, error) {
	was := RecordedKeyFile(w.Prior)
	if err := w.place.Free(was); err != nil {
		return w.kept(), fmt.Errorf("the file of %s: %w", w.Change.Addr, err)
	}
	in, write, err := w.input()
	if err != nil {
		return w.kept(), fmt.Errorf("nothing was called for %s: %w", w.Change.Addr, err)
	}
	defer in.Password.Zero()
	with := w.madeWith()
	detail, err := createDetail(in, with)
	if err != nil {
		return w.kept(), err
	}
	var made kms.NewClientKey
	var unkept error
	err = w.Call(ctx, "CreateClientKey", "", detail, func(ctx context.Context) (string, error) {
		got, err := w.Manager.CreateClientKey(ctx, in)
		if err != nil {
			return got.ID, err
		}
		defer got.PrivateKeyData.Zero()
		made = got
		if !safety.Off(safety.ClientKeyOnDisk) {
			unkept = w.place.Keep(got.ID, got.PrivateKeyData.Reveal(), write)
		}
		return got.ID, unkept
	})
	switch {
	case unkept != nil:
		return w.unkept(ctx, made.ID, unkept)
	case err != nil:
		return w.kept(), fmt.Errorf("CreateClientKey of %s: %w", w.Change.Addr, err)
	}
	sum, _, err := w.place.Take(made.ID, was)
	if err != nil {
		err = fmt.Errorf("the file of %s: %w", w.Change.Addr, err)
	}
	return w.takenUp(ctx, made.ClientKeyInfo, sum, with, err)
}

// takenUp is the record of a client key whose file is there, with the one before among the earlier ones.
func (w *clientKeyWork) takenUp(ctx context.Context, made kms.ClientKeyInfo, sum string, with map[string]any, err error) (*state.Resource, error) {
	w.succeed(made.ID)
	o := clientKeyObject(made)
	if read, rerr := readClientKey(ctx, w.Manager, made.ID); rerr == nil && read != nil {
		o = read // with what the answer does not have
	}
	r := w.recordOf(o, with)
	r.Attributes["file_digest"], r.Retire, r.RetiredAt = sum, "", time.Time{}
	return &r, err
}

// succeed puts the client key of state among the earlier ones, if that was not deleted.
func (w *clientKeyWork) succeed(id string) {
	if w.Prior == nil || w.Prior.ID == id || w.lost() || w.Change.Action == plan.Create {
		return
	}
	w.previous = append(w.previous, succession(w.Prior, w.byService(w.Now())))
}

// unkept deletes a client key whose private half could not be written. If that fails as well, it is remembered as lost.
func (w *clientKeyWork) unkept(ctx context.Context, id string, cause error) (*state.Resource, error) {
	cause = fmt.Errorf("the private half of %s could not be kept: %w", w.Change.Addr, cause)
	err := w.delete(ctx, id)
	if err == nil {
		return w.kept(), fmt.Errorf("%w; %s is deleted again", cause, id)
	}
	return w.rememberLost(id), errors.Join(cause, err)
}

// rememberLost is the record that a client key exists whose private half nobody has.
func (w *clientKeyWork) rememberLost(id string) *state.Resource {
	if w.Prior != nil && !w.lost() && w.Prior.ID != id {
		w.previous = append(w.previous, state.Predecessor{ID: id, Since: w.byService(w.Now()), Retire: plan.RetireLost})
		return w.kept()
	}
	r := w.recordOf(clientKeyObject(kms.ClientKeyInfo{ID: id}), nil)
	r.Retire, r.RetiredAt = plan.RetireLost, w.byService(w.Now())
	return &r
}

// input is what the call is made with, and the password that has to be written to the password file; "" = none has.
func (w *clientKeyWork) input() (in kms.CreateClientKeyInput, write string, err error) {
	in.AccessPoint, _ = w.wantText("access_point")
	password, given := w.wantText("password")
	if w.place.PasswordFile != "" {
		if password, err = w.place.Password(); err != nil || kind.CheckClientKeyPassword(password) != nil {
			if password, err = newClientKeyPassword(); err != nil {
				return in, "", err
			}
			write = password
		}
		given = true
	}
	if !given || password == "" {
		return in, "", errNoClientKeyPassword
	}
	in.Password = kms.NewSecret(password)
	in.NotBefore, in.NotAfter, err = w.validity()
	return in, write, err
}

// newClientKeyPassword makes one of letters and digits.
func newClientKeyPassword() (string, error) {
	for {
		p, err := pick(lowercase+uppercase+numbers, 43) // 256 bits
		if err != nil || kind.CheckClientKeyPassword(string(p)) == nil {
			return string(p), err
		}
	}
}

// validity is a period that is like no other's: it began up to an hour ago, which also bears clocks that differ, and ends
// a little before the time that was asked for. A creation whose answer was lost is found by it.
func (w *clientKeyWork) validity() (from, to time.Time, err error) {
	valid := kind.DefaultClientKeyValidity
	if text, ok := w.wantText("valid_for"); ok {
		if valid, err = kind.ParseDuration(text); err != nil {
			return from, to, err
		}
	}
	now := w.byService(w.Now()).Truncate(time.Second)
	before, err := jitter(time.Hour)
	if err != nil {
		return from, to, err
	}
	less, err := jitter(min(time.Hour, valid/24))
	return now.Add(-before), now.Add(valid - less), err
}

// jitter is a number of whole seconds below most.
func jitter(most time.Duration) (time.Duration, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(int64(most/time.Second)))
	if err != nil {
		return 0, err
	}
	return time.Duration(n.Int64()) * time.Second, nil
}

func createDetail(in kms.CreateClientKeyInput, with map[string]any) (map[string]string, error) {
	text, err := json.Marshal(with)
	return map[string]string{
		detailPoint: in.AccessPoint, detailNotBefore: in.NotBefore.Format(time.RFC3339), detailNotAfter: in.NotAfter.Format(time.RFC3339),
		detailMadeWith: string(text),
	}, err
}
