package witness

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// clientKey reads the ClientKey as the other languages' SDKs do.
func (w *world) clientKey() (string, *rsa.PrivateKey) {
	w.Helper()
	text, err := os.ReadFile(w.ready.Instance.ClientKeyFile)
	if err != nil {
		w.Fatal(err)
	}
	var file struct{ KeyId, PrivateKeyData string }
	if err := json.Unmarshal(text, &file); err != nil {
		w.Fatal(err)
	}
	data, err := base64.StdEncoding.DecodeString(file.PrivateKeyData)
	if err != nil {
		w.Fatal(err)
	}
	key, _, err := pkcs12.Decode(data, w.ready.Instance.ClientKeyPassword)
	if err != nil {
		w.Fatal(err)
	}
	return file.KeyId, key.(*rsa.PrivateKey)
}

// gcsCall is one protobuf request; the body is written field by field.
type gcsCall struct {
	api    string
	body   []byte
	change func(http.Header)   // before signing
	spoil  func(*http.Request) // after signing
}

func (w *world) gcs(c gcsCall) (int, http.Header, []byte) {
	w.Helper()
	id, key := w.clientKey()
	sum := sha256.Sum256(c.body)
	h := http.Header{}
	for name, v := range map[string]string{
		"accept": "application/x-protobuf", "content-type": "application/x-protobuf", "content-sha256": strings.ToUpper(hex.EncodeToString(sum[:])),
		"date": time.Now().UTC().Format(http.TimeFormat), "x-kms-acccesskeyid": id, "x-kms-apiname": c.api, "x-kms-apiversion": "dkms-gcs-0.2",
		"x-kms-signaturemethod": "RSA_PKCS1_SHA_256", "User-Agent": wireAgent,
	} {
		h[name] = []string{v}
	}
	if c.change != nil {
		c.change(h)
	}
	get := func(name string) string {
		if len(h[name]) == 0 {
			return ""
		}
		return h[name][0]
	}
	text := "POST\n" + get("content-sha256") + "\n" + get("content-type") + "\n" + get("date") + "\n"
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if strings.HasPrefix(name, "x-kms-") {
			text += name + ":" + strings.TrimSpace(get(name)) + "\n"
		}
	}
	digest := sha256.Sum256([]byte(text + "/"))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	if err != nil {
		w.Fatal(err)
	}
	r, err := http.NewRequest("POST", "https://"+w.ready.Instance.Endpoint+"/", bytes.NewReader(c.body))
	if err != nil {
		w.Fatal(err)
	}
	r.Header = h
	r.Header["authorization"] = []string{"Bearer " + base64.StdEncoding.EncodeToString(signature)}
	if c.spoil != nil {
		c.spoil(r)
	}
	response, err := trusting(w.T, w.ready).Do(r)
	if err != nil {
		w.Fatal(err)
	}
	defer response.Body.Close()
	out, err := io.ReadAll(response.Body)
	if err != nil {
		w.Fatal(err)
	}
	return response.StatusCode, response.Header, out
}

// field is a length-delimited protobuf field of fewer than 128 bytes.
func field(number byte, value string) []byte {
	return append([]byte{number<<3 | 2, byte(len(value))}, value...)
}

// wireInstance are the ways in which the languages' SDKs differ.
func (w *world) wireInstance() {
	w.Helper()
	random := []byte{1 << 3, 16} // GenerateRandom of 16 bytes
	for name, c := range map[string]gcsCall{
		"Bearer": {}, "TOKEN": {spoil: func(r *http.Request) {
			r.Header["authorization"] = []string{"TOKEN " + strings.TrimPrefix(r.Header["authorization"][0], "Bearer ")}
		}},
		"Java header names": {spoil: func(r *http.Request) {
			for _, name := range slices.Collect(maps.Keys(r.Header)) {
				v := r.Header[name]
				delete(r.Header, name)
				r.Header[http.CanonicalHeaderKey(name)] = v // User-Agent among them
			}
		}},
		"chunked":             {spoil: func(r *http.Request) { r.ContentLength = -1 }},
		"gzip":                {spoil: func(r *http.Request) { r.Header["accept-encoding"] = []string{"gzip"} }},
		"a header of its own": {change: func(h http.Header) { h["x-kms-extra"] = []string{" signed too "} }},
	} {
		c.api, c.body = "GenerateRandom", random
		status, h, out := w.gcs(c)
		if status != 200 || len(out) < 18 || out[0] != 1<<3|2 || out[1] != 16 || h.Get("Content-Type") != "application/x-protobuf" {
			w.Errorf("%s: %d %v %q", name, status, h, out)
		}
	}
}

func (w *world) wireInstanceRefusals() {
	w.Helper()
	id := w.key(w.helper, nil)
	encrypt := append(field(1, id), field(2, "x")...)
	set := func(name, value string) func(http.Header) { return func(h http.Header) { h[name] = []string{value} } }
	without := func(name string) func(http.Header) { return func(h http.Header) { delete(h, name) } }
	for _, c := range []struct {
		status int
		code   string
		call   gcsCall
	}{
		{400, "InvalidApiName", gcsCall{api: "Nothing"}},
		{400, "InvalidApiVersion", gcsCall{api: "Encrypt", change: set("x-kms-apiversion", "dkms-gcs-9")}},
		{400, "InvalidParam", gcsCall{api: "Encrypt", change: set("date", "yesterday")}},
		{400, "InvalidParam", gcsCall{api: "Encrypt", change: set("x-kms-signaturemethod", "NONE")}},
		{400, "InvalidParam", gcsCall{api: "Encrypt", spoil: func(r *http.Request) { r.Header["authorization"] = []string{"Basic x"} }}},
		{400, "InvalidParam", gcsCall{api: "Encrypt", change: set("content-sha256", strings.Repeat("0", 64))}},
		{400, "MissingParameter", gcsCall{api: "Encrypt", change: without("x-kms-acccesskeyid")}},
		{400, "RequestTimeTooSkewed", gcsCall{api: "Encrypt", change: set("date", time.Now().Add(-16*time.Minute).UTC().Format(http.TimeFormat))}},
		{400, "InvalidParameter", gcsCall{api: "Encrypt", body: []byte{0xff}}},
		{401, "SignatureNotMatch", gcsCall{api: "Encrypt", body: encrypt, spoil: func(r *http.Request) { r.Header["x-kms-extra"] = []string{"unsigned"} }}},
		{404, "Unauthorized", gcsCall{api: "Encrypt", body: encrypt, change: set("x-kms-acccesskeyid", "KAAP.nobody")}},
		{404, "Forbidden.KeyNotFound", gcsCall{api: "Encrypt", body: append(field(1, "key-nothing"), field(2, "x")...)}},
		{415, "InvalidContentType", gcsCall{api: "Encrypt", body: encrypt, change: set("content-type", "text/plain")}},
	} {
		status, _, out := w.gcs(c.call)
		if status != c.status || !bytes.Contains(out, field(2, c.code)) {
			w.Errorf("want %d %s, got %d %q", c.status, c.code, status, out)
		}
	}
	status, _, out := w.gcs(gcsCall{api: "Encrypt", body: make([]byte, 3<<20+1)})
	if status != 413 || len(out) != 0 {
		w.Errorf("a body that is too large: %d %q", status, out)
	}
}
