package oss

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/public"
)

const (
	algorithmV4 = "OSS4-HMAC-SHA256"
	unsigned    = "UNSIGNED-PAYLOAD"
	isoTime     = "20060102T150405Z"
	// window is how far a request's date may be from the service's.
	window = 15 * time.Minute
)

func errDenied(message string) *refusal {
	return refuse(http.StatusForbidden, "AccessDenied", message)
}

func errUnknownKey() *refusal {
	return refuse(http.StatusForbidden, "InvalidAccessKeyId", "The OSS Access Key Id you provided does not exist in our records.")
}

func errSignature() *refusal {
	return refuse(http.StatusForbidden, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your key and signing method.")
}

// authenticate finds out who calls.
func (h *Handler) authenticate(q *request) (engine.Credential, *refusal) {
	id, check, r := h.claim(q)
	if r != nil && h.Auth != public.Off {
		return engine.Credential{}, r
	}
	c, found := h.Credentials(id)
	if !found {
		if h.Auth != public.Off {
			return engine.Credential{}, errUnknownKey()
		}
		c, _ = h.Credentials(h.DefaultAccessKeyID())
		return c, nil
	}
	if h.Auth != public.Strict {
		return c, nil
	}
	if token := q.Header.Get("x-oss-security-token"); token != c.SecurityToken {
		return engine.Credential{}, refuse(http.StatusForbidden, "InvalidSecurityToken", "The security token you provided is invalid.")
	}
	return c, check(c.Secret)
}

// claim reads who the request says it is from, and returns how that is checked.
func (h *Handler) claim(q *request) (id string, check func(secret string) *refusal, r *refusal) {
	text := q.Header.Get("Authorization")
	if text == "" {
		return "", nil, errDenied("You have no right to access this object because of bucket acl.")
	}
	if rest, ok := strings.CutPrefix(text, algorithmV4+" "); ok {
		return h.claimV4(q, rest)
	}
	rest, ok := strings.CutPrefix(text, "OSS ")
	id, signature, both := strings.Cut(rest, ":")
	if !ok || !both || id == "" {
		return "", nil, errInvalid("Authorization header is invalid.")
	}
	return id, func(secret string) *refusal {
		if r := h.timely(q, time.Time{}); r != nil {
			return r
		}
		want := base64.StdEncoding.EncodeToString(mac(sha1.New, []byte(secret), q.stringToSignV1()))
		return same(signature, want)
	}, nil
}

// claimV4 reads Credential=ID/DATE/REGION/oss/aliyun_v4_request[,AdditionalHeaders=A;B],Signature=HEX.
func (h *Handler) claimV4(q *request, text string) (string, func(string) *refusal, *refusal) {
	fields := map[string]string{}
	for field := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(field), "=")
		if _, twice := fields[name]; !ok || twice {
			return "", nil, errInvalid("Authorization header is invalid.")
		}
		fields[name] = value
	}
	scope := strings.Split(fields["Credential"], "/")
	if len(scope) != 5 || scope[0] == "" || fields["Signature"] == "" {
		return "", nil, errInvalid("Authorization header is invalid.")
	}
	return scope[0], func(secret string) *refusal {
		at, err := time.Parse(isoTime, q.Header.Get("x-oss-date"))
		switch {
		case err != nil:
			return errInvalid("Invalid x-oss-date header.")
		case scope[1] != at.Format("20060102"):
			return errInvalid("Invalid signing date in Authorization header.")
		case scope[2] != h.Region:
			return errInvalid("Invalid signing region in Authorization header.")
		case scope[3] != "oss" || scope[4] != "aliyun_v4_request":
			return errInvalid("Invalid signing product or version in Authorization header.")
		case q.Header.Get("x-oss-content-sha256") != unsigned:
			return errInvalid("Invalid x-oss-content-sha256 header.")
		}
		if r := h.timely(q, at); r != nil {
			return r
		}
		sum := sha256.Sum256([]byte(q.canonicalV4(fields["AdditionalHeaders"])))
		toSign := strings.Join([]string{algorithmV4, at.Format(isoTime), strings.Join(scope[1:], "/"), hex.EncodeToString(sum[:])}, "\n")
		key := []byte("aliyun_v4" + secret)
		for _, step := range scope[1:] {
			key = mac(sha256.New, key, step)
		}
		return same(fields["Signature"], hex.EncodeToString(mac(sha256.New, key, toSign)))
	}, nil
}

// timely checks the request's date; V1 has it in a header of its own.
func (h *Handler) timely(q *request, at time.Time) *refusal {
	if at.IsZero() {
		text := q.Header.Get("x-oss-date")
		if text == "" {
			text = q.Header.Get("Date")
		}
		var err error
		if at, err = http.ParseTime(text); err != nil {
			return errDenied("OSS authentication requires a valid Date.")
		}
	}
	if d := h.Now().Sub(at); d > window || d < -window {
		return refuse(http.StatusForbidden, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")
	}
	return nil
}

func mac(h func() hash.Hash, key []byte, text string) []byte {
	m := hmac.New(h, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}

func same(got, want string) *refusal {
	if !hmac.Equal([]byte(got), []byte(want)) {
		return errSignature()
	}
	return nil
}

// resource is what a signature covers of the path.
func (q *request) resource() string {
	if q.bucket == "" {
		return "/"
	}
	return "/" + q.bucket + "/" + q.key
}

// signedV1 are the parameters that a V1 signature covers, beside x-oss-….
var signedV1 = []string{
	"acl", "append", "bucketInfo", "continuation-token", "delete", "encryption", "lifecycle", "location", "logging", "objectMeta", "partNumber",
	"policy", "position", "referer", "replication", "requestPayment", "response-cache-control", "response-content-disposition",
	"response-content-encoding", "response-content-language", "response-content-type", "response-expires", "restore", "security-token",
	"sequential", "stat", "symlink", "tagging", "uploadId", "uploads", "versionId", "versioning", "versions", "website", "worm",
}

func (q *request) stringToSignV1() string {
	var b strings.Builder
	date := q.Header.Get("Date")
	fmt.Fprintf(&b, "%s\n%s\n%s\n%s\n", q.Method, q.Header.Get("Content-MD5"), q.Header.Get("Content-Type"), date)
	q.headerLines(&b, func(name string) bool { return strings.HasPrefix(name, "x-oss-") })
	b.WriteString(q.resource())
	mark := "?"
	for _, name := range slices.Sorted(maps.Keys(q.query)) {
		if !slices.Contains(signedV1, name) && !strings.HasPrefix(name, "x-oss-") {
			continue
		}
		b.WriteString(mark + name)
		if value := q.query.Get(name); value != "" {
			b.WriteString("=" + value)
		}
		mark = "&"
	}
	return b.String()
}

func (q *request) headerLines(b *strings.Builder, signed func(lower string) bool) {
	lines := map[string]string{}
	for name, values := range q.Header {
		if lower := strings.ToLower(name); signed(lower) {
			trimmed := make([]string, len(values))
			for n, v := range values {
				trimmed[n] = strings.TrimSpace(v)
			}
			lines[lower] = strings.Join(trimmed, ",")
		}
	}
	if signed("host") {
		lines["host"] = q.Host
	}
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		b.WriteString(name + ":" + lines[name] + "\n")
	}
}

func (q *request) canonicalV4(additional string) string {
	var pairs []string
	for name, values := range q.query {
		for _, value := range values {
			pair := escape(name)
			if value != "" {
				pair += "=" + escape(value)
			}
			pairs = append(pairs, pair)
		}
	}
	slices.Sort(pairs)
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n%s\n", q.Method, strings.ReplaceAll(escape(q.resource()), "%2F", "/"), strings.Join(pairs, "&"))
	more := strings.Split(additional, ";")
	q.headerLines(&b, func(name string) bool {
		return strings.HasPrefix(name, "x-oss-") || name == "content-type" || name == "content-md5" || additional != "" && slices.Contains(more, name)
	})
	b.WriteString("\n" + additional + "\n" + unsigned)
	return b.String()
}

// escape is percent-encoding of all but letters, digits and -._~.
func escape(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }
