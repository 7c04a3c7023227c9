package oss

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"

	"kmsplan.dev/kmsplan/internal/batch/source"
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

// do calls as often as it takes. An answer of the service is final, but for those that say that it is in trouble.
func (s *Source) do(ctx context.Context, call func(context.Context) error) error {
	return s.retry.Do(ctx, final, call)
}

func final(err error) bool {
	for _, one := range []error{source.ErrGone, source.ErrChanged, source.ErrRefused, remote.ErrRefused} {
		if errors.Is(err, one) {
			return true
		}
	}
	status := refusal(err).StatusCode
	return status >= 300 && status < 500 && status != http.StatusRequestTimeout && status != http.StatusTooManyRequests && refusal(err).Code != "RequestTimeout"
}

// errorCode is how the service's codes look; anything else that a server wrote is not repeated.
var errorCode = pattern.New(`^[A-Za-z.]{1,60}$`)

// words say what to do about a refusal of the service's.
var words = map[string]string{
	"NoSuchBucket":         "there is no such bucket",
	"RequestTimeTooSkewed": "this machine's clock is more than 15 minutes off; set it",
	"NotImplemented":       "the store does not know what the oss source needs (versions, uploads of parts)",
	"FileImmutable":        "a retention policy protects the object, which nobody can write over",
	"InvalidObjectState":   "the object is archived; restore it, or leave its storage class out of the batch",
	"ObjectNotAppendable":  "the object is no append object",
}

// never are the codes that say that this object is not to be rewritten, now or ever.
var never = map[string]bool{"FileImmutable": true, "InvalidObjectState": true, "EntityTooLarge": true}

// failure puts an error about an object into words. What the service wrote beside its code is left out.
func (s *Source) failure(key string, err error) error {
	where := "oss://" + s.bucket + "/" + key
	answer := refusal(err)
	code := answer.Code
	if !errorCode.MatchString(code) {
		code = "with an unknown code"
	}
	text := fmt.Sprintf("%s: the store answered %d %s", where, answer.StatusCode, code)
	if more := words[answer.Code]; more != "" {
		text += ": " + more
	}
	switch {
	case answer.StatusCode == 0:
		return fmt.Errorf("%s: %w", where, err)
	case answer.Code == "NoSuchKey":
		return fmt.Errorf("%s: %w", where, source.ErrGone)
	case answer.Code == "NoSuchVersion":
		return fmt.Errorf("%s: %w", where, source.ErrChanged)
	case never[answer.Code]:
		return fmt.Errorf("%s: %w", text, source.ErrRefused)
	case answer.StatusCode == http.StatusForbidden || answer.StatusCode == http.StatusUnauthorized:
		return fmt.Errorf("%s: the credentials are wrong, or may not do this; set OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET (and OSS_SESSION_TOKEN). What a batch needs, `kmsplan iam -for worker` prints", text)
	}
	return errors.New(text)
}
