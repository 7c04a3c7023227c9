package public

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
	"kmsplan.dev/kmsplan/internal/kms/wire/acs"
)

// Version is the only API version of KMS.
const Version = "2016-01-20"

// Bounds of a request. A secret value of 30,720 bytes, percent-encoded, stays
// well below.
const (
	maxBody       = undocumented.PublicBodyMax
	maxParameters = undocumented.PublicParametersMax
)

// request is a parsed HTTP request: the union of query and form.
type request struct {
	http    *http.Request
	body    []byte
	params  url.Values // one value a name
	acs     bool       // signed in headers (ACS3, ACS4), not in parameters
	action  string
	version string
	xml     bool // the caller asked for Format=XML
}

// read takes the request apart. It returns what it could read beside a refusal,
// for the log.
func read(r *http.Request) (*request, *engine.Error) {
	q := &request{http: r, params: url.Values{}}
	q.acs = strings.HasPrefix(r.Header.Get("Authorization"), "ACS")
	q.action, q.version = r.Header.Get(acs.HeaderAction), r.Header.Get(acs.HeaderVersion)
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		return q, errMethod(r.Method)
	}
	if err := q.readBody(); err != nil {
		return q, err
	}
	if err := q.merge(r.URL.RawQuery, "query"); err != nil {
		return q, err
	}
	if err := q.mergeForm(); err != nil {
		return q, err
	}
	q.xml = strings.EqualFold(q.params.Get(acs.ParamFormat), "XML")
	return q, q.name()
}

func (q *request) readBody() *engine.Error {
	body, err := io.ReadAll(io.LimitReader(q.http.Body, maxBody+1))
	if err != nil {
		return errParse("body")
	}
	if len(body) > maxBody {
		return errTooLarge()
	}
	q.body = body
	return nil
}

// mergeForm takes the parameters out of a form body, or out of the JSON object
// that present-day clients can send instead; an ACS signature covers it by its
// hash, an RPC signature does not. Another body is refused rather than ignored:
// its sender means it to have an effect.
func (q *request) mergeForm() *engine.Error {
	if len(q.body) == 0 {
		return nil
	}
	kind, _, err := mime.ParseMediaType(q.http.Header.Get("Content-Type"))
	if err == nil && kind == "application/json" && q.acs {
		return q.mergeJSON()
	}
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return errParse("body (it is not a form)")
	}
	return q.merge(string(q.body), "form")
}

// mergeJSON takes the members of an object: text, numbers and truth values as they
// are, structures as JSON.
func (q *request) mergeJSON() *engine.Error {
	object, ok := parseObject(string(q.body))
	if !ok || len(object) > maxParameters {
		return errParse("body (it is not a JSON object)")
	}
	values := url.Values{}
	for name, v := range object {
		switch v := v.(type) {
		case nil:
		case string:
			values.Set(name, v)
		default: // what came out of JSON goes back into it
			text, _ := marshal(v)
			values.Set(name, string(text))
		}
	}
	return q.merge(values.Encode(), "body")
}

// merge adds encoded parameters. A name may come twice only from query and form
// with the same value; anything else is ambiguous.
func (q *request) merge(encoded, where string) *engine.Error {
	if strings.Count(encoded, "&") >= maxParameters {
		return errParse(where + " (too many parameters)")
	}
	values, err := url.ParseQuery(encoded)
	if err != nil {
		return errParse(where)
	}
	for name, list := range values {
		before, known := q.params[name]
		if len(list) != 1 || known && before[0] != list[0] {
			return errInvalid(name)
		}
		q.params[name] = list
	}
	return nil
}

// name finds action and version where the signature covers them: the headers
// of an ACS request, the parameters of an RPC request.
func (q *request) name() *engine.Error {
	for _, f := range []struct {
		field *string
		param string
	}{{&q.action, acs.ParamAction}, {&q.version, acs.ParamVersion}} {
		param, given := q.params[f.param]
		if given && (!q.acs || *f.field == "") {
			*f.field = param[0]
		} else if !q.acs && q.params.Has(acs.ParamSignature) {
			*f.field = "" // an unsigned header says nothing
		}
		if *f.field == "" {
			return errMissing(f.param)
		}
	}
	return nil
}

// caller is the AccessKey id that the request claims, unverified.
func (q *request) caller() string {
	if q.acs {
		a, err := acs.ParseAuthorization(q.http.Header.Get("Authorization"))
		if err != nil {
			return ""
		}
		return a.AccessKeyID
	}
	return q.params.Get(acs.ParamAccessKeyID)
}

// object is what tells the instance that the request means.
func (q *request) object() engine.Object {
	return engine.Object{Key: q.params.Get("KeyId"), Secret: q.params.Get("SecretName"), Ciphertext: q.params.Get("CiphertextBlob")}
}

// target is the object that the request names, for fault rules and the log.
func (q *request) target() string { return q.params.Get(q.targetName()) }

// targetName is the parameter that names it; "" if none does.
func (q *request) targetName() string {
	for _, name := range []string{"KeyId", "DestinationKeyId", "AliasName", "SecretName", "ProtectedResourceArn"} {
		if q.params.Get(name) != "" {
			return name
		}
	}
	return ""
}
