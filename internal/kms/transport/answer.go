package transport

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/pattern"
	"kmsplan.dev/kmsplan/internal/safety"
)

const maxAnswer = 1 << 20 // bytes; KMS's largest answer is some 300 KiB

// Answer is a whole HTTP answer, its body bounded by maxAnswer.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// readAnswer reads the body, at most maxAnswer bytes.
func readAnswer(response *http.Response) ([]byte, error) {
	if n := response.ContentLength; n > maxAnswer {
		return nil, errTooLarge
	} else if n >= 0 {
		body := make([]byte, n)
		_, err := io.ReadFull(response.Body, body)
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return body, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if len(body) > maxAnswer && !safety.Off(safety.AnswerBounded) {
		return nil, errTooLarge
	}
	return body, err
}

// RetryAfter is how long the service asks to wait, from Retry-After (seconds or
// a date) or the gateway's x-ratelimit-user headers (…,TimeLeft:2).
func (a Answer) RetryAfter(now time.Time) time.Duration {
	if text := a.Header.Get("Retry-After"); text != "" {
		if seconds, err := strconv.Atoi(text); err == nil && seconds >= 0 && seconds <= 86400 {
			return time.Duration(seconds) * time.Second
		}
		if at, err := http.ParseTime(text); err == nil && at.After(now) {
			return at.Sub(now)
		}
	}
	return max(timeLeft(a.Header.Get("X-Ratelimit-User-Api")), timeLeft(a.Header.Get("X-Ratelimit-User")))
}

// ClockSkew is the server's clock minus ours, 0 when unknown or below the Date
// header's resolution.
func (a Answer) ClockSkew(now time.Time) time.Duration {
	date, err := http.ParseTime(a.Header.Get("Date"))
	if err != nil {
		return 0
	}
	if skew := date.Sub(now.Truncate(time.Second)); skew.Abs() >= 2*time.Second {
		return skew
	}
	return 0
}

var timeLeftField = pattern.New(`(?i)TimeLeft:\s*(\d{1,5})`)

// timeLeft reads "…,TimeLeft:2" of the gateway's throttling headers, seconds.
func timeLeft(header string) time.Duration {
	m := timeLeftField.FindStringSubmatch(header)
	if m == nil {
		return 0
	}
	seconds, _ := strconv.Atoi(m[1]) // the pattern bounds it
	return time.Duration(seconds) * time.Second
}

// Foreign describes an answer that is not the gateway's, without quoting it.
func (a Answer) Foreign(e *kms.Error) {
	e.Code, e.Outcome = kms.CodeBadAnswer, kms.Ambiguous
	e.Message = fmt.Sprintf("the answer is not KMS's: %d bytes of %s", len(a.Body),
		mediaType(a.Header.Get("Content-Type")))
}

// mediaType is the type of a Content-Type header without its parameters.
func mediaType(header string) string {
	t, _, err := mime.ParseMediaType(header)
	if err != nil || len(t) > 60 {
		return "an unknown type"
	}
	return strings.ToLower(t)
}
