package placetest

import (
	"context"
	"encoding/json"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/statetest/crowd"
)

// Opener opens the stores of a crowd of processes, whose places are options in JSON, as runs do.
func Opener[O any, P remote.Place](open func(context.Context, O) (P, error)) crowd.Open {
	return OpenerTrying(remote.Retrying{}, open)
}

// OpenerTrying is Opener for stores that try otherwise than runs do.
func OpenerTrying[O any, P remote.Place](trying remote.Retrying, open func(context.Context, O) (P, error)) crowd.Open {
	return func(ctx context.Context, place string) (state.Store, error) {
		var o O
		if err := json.Unmarshal([]byte(place), &o); err != nil {
			return nil, err
		}
		p, err := open(ctx, o)
		if err != nil {
			return nil, err
		}
		return remote.New(remote.Retry(p, trying), remote.Options{}), nil
	}
}
