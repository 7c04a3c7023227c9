package oss

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"

	"kmsplan.dev/kmsplan/internal/pattern"
	"kmsplan.dev/kmsplan/internal/state/remote"
)

// refusal is the service's answer in an error; the zero one when there was none.
func refusal(err error) sdk.ServiceError {
	var answer *sdk.ServiceError
	if errors.As(err, &answer) {
		return *answer
	}
	return sdk.ServiceError{}
}

// errorCode is how the service's codes look; anything else that a server wrote is not repeated.
var errorCode = pattern.New(`^[A-Za-z.]{1,60}$`)

// failure puts an error into words, and says which are final. What the server wrote beside its code is left out.
func (p *Place) failure(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", p, ctx.Err())
	}
	if errors.Is(err, remote.ErrRefused) { // of the credentials
		return fmt.Errorf("%s: %w", p, err)
	}
	answer := refusal(err)
	code := answer.Code
	if !errorCode.MatchString(code) {
		code = "with an unknown code"
	}
	words := map[string]string{
		"NoSuchBucket":         "there is no such bucket; make it, or name another",
		"ObjectNotAppendable":  "somebody stored another object in the place of its log, which is no append object any more",
		"FileImmutable":        "a retention policy protects the bucket's objects, so that nothing can be appended; use another bucket",
		"RequestTimeTooSkewed": "this machine's clock is more than 15 minutes off; set it",
		"NotImplemented":       "the store does not know what the oss backend needs (append objects); use another store",
	}
	switch {
	case words[answer.Code] != "":
		return fmt.Errorf("%s: %s (%d %s): %w", p, words[answer.Code], answer.StatusCode, code, remote.ErrRefused)
	case answer.StatusCode == http.StatusNotFound:
		return fmt.Errorf("%s: %w", p, remote.ErrNoObject)
	case answer.StatusCode == http.StatusForbidden || answer.StatusCode == http.StatusUnauthorized:
		return fmt.Errorf("%s: the store answered %d %s: the credentials are wrong, or may not do this; set OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET (and OSS_SESSION_TOKEN): %w", p, answer.StatusCode, code, remote.ErrRefused)
	case answer.StatusCode >= 300 && answer.StatusCode < 400:
		return fmt.Errorf("%s: the store sends us elsewhere (%d %s); name the endpoint of the bucket's region: %w", p, answer.StatusCode, code, remote.ErrRefused)
	case answer.StatusCode != 0:
		return fmt.Errorf("%s: the store answered %d %s", p, answer.StatusCode, code)
	}
	return fmt.Errorf("%s: %w", p, err)
}
