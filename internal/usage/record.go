package usage

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/state"
)

// Why a record does not count.
const (
	noUse     = "are no use of a key"
	noRecord  = "are of no log that is known: they name no operation"
	noKey     = "name no key"
	noTime    = "have no time, or one that cannot be"
	noRight   = "were refused for want of rights"
	elsewhere = "are about keys that this stack has nothing to do with"
	unknown   = "name an alias that the state does not have"
)

// uses are the operations that need a key's material, in lower case: of the public gateway, of the instance gateway, and those on
// secrets, which are sealed under a key.
var uses = func() map[string]bool {
	out := map[string]bool{}
	for name := range strings.FieldsSeq(`encrypt decrypt reencrypt generatedatakey generatedatakeywithoutplaintext exportdatakey generateandexportdatakey
		asymmetricencrypt asymmetricdecrypt asymmetricsign asymmetricverify generatedatakeypair generatedatakeypairwithoutplaintext
		advanceencrypt advancedecrypt advancegeneratedatakey advancegeneratedatakeypair advancegeneratedatakeypairwithoutplaintext
		sign verify hmac generatemac verifymac getsecretvalue createsecret putsecretvalue`) {
		out[name] = true
	}
	return out
}()

// record is a log's record: fields by their names in lower case, those of objects behind a dot. It lives while it is looked at.
type record map[string]string

// flatten makes a record. Objects that stand in texts, as exports have them, are opened.
func flatten(fields map[string]any) record {
	out := record{}
	out.add("", fields, 0)
	return out
}

// maxFields bounds a record, and maxDepth the objects inside objects.
const (
	maxFields = 4096
	maxDepth  = 6
)

func (r record) add(name string, value any, depth int) {
	if len(r) > maxFields || depth > maxDepth {
		return
	}
	switch v := value.(type) {
	case map[string]any:
		for k, inner := range v {
			k = strings.ToLower(strings.TrimSpace(k))
			if name != "" {
				k = name + "." + k
			}
			r.add(strings.TrimPrefix(k, "event."), inner, depth+1)
		}
	case []any:
		if len(v) > 0 {
			r.add(name, v[0], depth+1)
		}
	case string:
		var inner map[string]any
		if strings.HasPrefix(v, "{") && json.Unmarshal([]byte(v), &inner) == nil {
			if name == "event" {
				name = ""
			}
			r.add(name, inner, depth+1)
			return
		}
		r[name] = v
	case float64:
		r[name] = strconv.FormatFloat(v, 'f', -1, 64)
	}
}

// first is the first of these fields that holds something.
func (r record) first(names ...string) string {
	for _, n := range names {
		if v := strings.TrimSpace(r[n]); v != "" && v != "-" && v != "null" {
			return v
		}
	}
	return ""
}

func (r *Reader) take(fields map[string]any) {
	r.Records++
	use, why := r.use(flatten(fields))
	if why != "" {
		if r.Skipped[why]++; r.Skipped[why] == 1 {
			r.At[why] = Place{r.Name, r.line}
		}
		return
	}
	r.Uses = append(r.Uses, use)
	if r.First.IsZero() || use.Last.Before(r.First) {
		r.First = use.Last
	}
	if use.Last.After(r.Last) {
		r.Last = use.Last
	}
	if len(r.Uses) >= compactAt {
		r.compact()
		if len(r.Uses) > compactAt/2 {
			r.Uses = r.Uses[:compactAt/2]
		}
	}
}

// use is what a record says of a key, or why it says nothing.
func (r *Reader) use(rec record) (u state.Use, why string) {
	u.Operation = word(rec.first("share_gateway_api_name", "api_name", "eventname"), 64)
	if rec.first("share_gateway_api_name", "api_name", "eventname") == "" {
		return u, noRecord
	}
	if !uses[strings.ToLower(u.Operation)] {
		return u, noUse
	}
	if u.Last = moment(rec.first("eventtime", "time", "__time__")); u.Last.IsZero() || u.Last.After(r.Now.Add(24*time.Hour)) || u.Last.Year() < 2015 {
		return u, noTime
	}
	refused := false
	if refused, why = rec.refused(); why != "" {
		return u, why
	}
	u.Refused = refused
	u.KeyVersion = word(rec.first("resource_parameters.key_version_id", "resource_parameters.keyversionid", "key_version_id",
		"responseelements.keyversionid", "additionaleventdata.keyversionid", "requestparameters.keyversionid"), 128)
	if u.KeyID, why = r.key(rec, u.KeyVersion); why != "" {
		return u, why
	}
	u.Principal = rec.principal()
	return u, ""
}

// key finds the key of a record.
func (r *Reader) key(rec record, version string) (string, string) {
	id := rec.first("resource_parameters.key_id", "resource_parameters.keyid", "cmkid", "responseelements.keyid", "referencedresources.acs::kms::key",
		"requestparameters.keyid")
	if name := rec.first("resource_id", "resourcename"); id == "" && !strings.Contains(strings.ToLower(rec.first("share_gateway_api_name", "api_name", "eventname")), "secret") {
		id = name
	}
	if strings.HasPrefix(id, "alias/") || strings.Contains(id, ":alias/") {
		_, alias, _ := strings.Cut(id, "alias/")
		if r.Resolve == nil {
			return "", unknown
		}
		resolved, ok := r.Resolve("alias/" + alias)
		if !ok {
			return "", unknown
		}
		id = resolved
	}
	if _, after, ok := strings.Cut(id, ":key/"); ok {
		id = after
	}
	if key, _, ok := cutLast(version, "-"); id == "" && ok && strings.HasPrefix(version, "key-") && strings.Count(version, "-") == 2 {
		id = key // an instance's version is named after its key
	}
	id = word(id, 128)
	switch {
	case id == "":
		return "", noKey
	case r.Known != nil && !r.Known(id):
		return "", elsewhere
	}
	return id, ""
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// refused reports whether the call failed. One that its caller had no right to is no sign that anybody needs the key.
func (r record) refused() (bool, string) {
	code := r.first("errorcode", "error_code")
	status, _ := strconv.Atoi(r.first("status_code"))
	if code == "" && status < 400 {
		return false, ""
	}
	text := strings.ToLower(code + " " + r.first("error_message", "errormessage"))
	for _, s := range []string{"nopermission", "accessdenied", "no permission", "not authorized", "unauthorized", "signature"} {
		if strings.Contains(text, s) {
			return true, noRight
		}
	}
	if code == "" && (status == 401 || status == 403) {
		return true, noRight
	}
	return true, ""
}

// principal is who called, by class: without the names of sessions, of which there are as many as calls.
func (r record) principal() string {
	kind := strings.ToLower(r.first("identity_type", "useridentity.type"))
	name := r.first("useridentity.username", "principal_id", "useridentity.principalid", "account_id", "useridentity.accountid")
	name, _, _ = strings.Cut(name, ":")
	name, _, _ = strings.Cut(name, "/")
	if name = word(name, 64); name == "" {
		name = "unknown"
	}
	switch kind {
	case "ram-user":
		return "ram:user/" + name
	case "ram-role", "assumed-role":
		return "ram:role/" + name
	case "cloud-account", "root-account", "alibaba-cloud-account":
		return "root:" + word(strings.TrimPrefix(r.first("account_id", "useridentity.accountid", "principal_id"), "root"), 64)
	case "aap":
		return "aap:" + name
	case "system":
		return "service:" + name
	}
	if kind = word(kind, 32); kind == "" {
		kind = "unknown"
	}
	return kind + ":" + name
}

// word is a text of a log that may be kept: letters, digits and a few signs of names, and no more than that many bytes.
func word(s string, most int) string {
	if len(s) > most {
		return ""
	}
	for _, c := range s {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("-_.@+=*:/", c)) {
			return ""
		}
	}
	return s
}

// moment reads a time: RFC 3339, or seconds or milliseconds since 1970.
func moment(s string) time.Time {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.UTC().Truncate(time.Second)
	}
	n, err := strconv.ParseFloat(s, 64)
	switch {
	case err != nil || !(n > 0 && n < 1e14):
		return time.Time{}
	case n > 1e11:
		n /= 1000
	}
	return time.Unix(int64(n), 0).UTC()
}
