package witness

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator"
)

// wireAgent marks requests that are written here by hand, from the reference and
// not with the emulator's own codecs: they send what no SDK would.
const wireAgent = "kmsplan-witness-wire"

// rfc3986 encodes as every signature of the vendor does.
func rfc3986(s string) string {
	return strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(url.QueryEscape(s))
}

func canonical(p map[string]string) string {
	pairs := []string{}
	for _, name := range slices.Sorted(maps.Keys(p)) {
		pairs = append(pairs, rfc3986(name)+"="+rfc3986(p[name]))
	}
	return strings.Join(pairs, "&")
}

// rpc is a client of the RPC signature that can be told to send nonsense.
type rpc struct {
	w      *world
	method string
	body   func(name string) bool       // which parameters travel in the body
	change func(map[string]string)      // before signing
	spoil  func(*http.Request)          // after signing
	after  func(map[string]string)      // parameters, after signing
	out    func(*http.Response, []byte) // sees the answer
}

func (c rpc) call(operation string, p params) (answer, error) {
	all := flat(p)
	maps.Copy(all, map[string]string{
		"Action": operation, "Version": "2016-01-20", "Format": "JSON", "AccessKeyId": c.w.ready.AccessKeyID, "SignatureMethod": "HMAC-SHA1",
		"SignatureVersion": "1.0", "SignatureNonce": c.w.nonce(), "Timestamp": time.Now().UTC().Format("2006-01-02T15:04:05Z"),
	})
	if c.change != nil {
		c.change(all)
	}
	method := c.method
	if method == "" {
		method = "POST"
	}
	mac := hmac.New(sha1.New, []byte(c.w.ready.AccessKeySecret+"&"))
	mac.Write([]byte(method + "&%2F&" + rfc3986(canonical(all))))
	if _, set := all["Signature"]; !set {
		all["Signature"] = base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	if c.after != nil {
		c.after(all)
	}
	query, form := map[string]string{}, map[string]string{}
	for name, v := range all {
		if c.body != nil && c.body(name) {
			form[name] = v
		} else {
			query[name] = v
		}
	}
	r, err := http.NewRequest(method, "https://"+c.w.ready.Public.HTTPS+"/?"+canonical(query), strings.NewReader(canonical(form)))
	if err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", wireAgent)
	if len(form) > 0 {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	}
	return c.w.send(r, c.spoil, c.out)
}

// nonce is new in every call.
func (w *world) nonce() string {
	raw := make([]byte, 16)
	_, _ = rand.Read(raw) // never fails
	return hex.EncodeToString(raw)
}

// send sends and reads JSON.
func (w *world) send(r *http.Request, spoil func(*http.Request), out func(*http.Response, []byte)) (answer, error) {
	if spoil != nil {
		spoil(r)
	}
	response, err := trusting(w.T, w.ready).Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if out != nil {
		out(response, text)
		return answer{"RequestId": "seen"}, nil
	}
	var a answer
	if err := json.Unmarshal(text, &a); err != nil {
		return nil, fmt.Errorf("status %d, %q: %w", response.StatusCode, text, err)
	}
	if response.StatusCode != 200 {
		return nil, &refusal{response.StatusCode, a.text("Code"), a.text("Message")}
	}
	return a, nil
}

// acs3 is a client of ACS3-HMAC-SHA256, with header names as each language
// writes them.
type acs3 struct {
	w           *world
	contentType string
	pack        func(params) []byte // puts the parameters into the body
	spoil       func(*http.Request)
	change      func(http.Header)
	out         func(*http.Response, []byte)
}

func (c acs3) call(operation string, p params) (answer, error) {
	query, body := flat(p), []byte{}
	if c.pack != nil {
		query, body = nil, c.pack(p)
	}
	sum := sha256.Sum256(body)
	r, err := http.NewRequest("POST", "https://"+c.w.ready.Public.HTTPS+"/?"+canonical(query), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header = http.Header{
		"User-Agent": {wireAgent}, "x-acs-action": {operation}, "x-acs-version": {"2016-01-20"}, "x-acs-signature-nonce": {c.w.nonce()},
		"x-acs-date": {time.Now().UTC().Format("2006-01-02T15:04:05Z")}, "x-acs-content-sha256": {hex.EncodeToString(sum[:])}, "Accept-Encoding": {"gzip, deflate"},
	}
	if c.contentType != "" {
		r.Header["content-type"] = []string{c.contentType}
	}
	if c.change != nil {
		c.change(r.Header)
	}
	headers := map[string]string{"host": r.URL.Host}
	for name, values := range r.Header {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-acs-") || lower == "content-type" {
			headers[lower] = strings.TrimSpace(values[0])
		}
	}
	lines, names := "", slices.Sorted(maps.Keys(headers))
	for _, name := range names {
		lines += name + ":" + headers[name] + "\n"
	}
	request := "POST\n/\n" + canonical(query) + "\n" + lines + "\n" + strings.Join(names, ";") + "\n" + headers["x-acs-content-sha256"]
	hash := sha256.Sum256([]byte(request))
	mac := hmac.New(sha256.New, []byte(c.w.ready.AccessKeySecret))
	mac.Write([]byte("ACS3-HMAC-SHA256\n" + hex.EncodeToString(hash[:])))
	r.Header["Authorization"] = []string{"ACS3-HMAC-SHA256 Credential=" + c.w.ready.AccessKeyID + ",SignedHeaders=" + strings.Join(names, ";") + ",Signature=" + hex.EncodeToString(mac.Sum(nil))}
	return c.w.send(r, c.spoil, c.out)
}

// TestWire sends what the languages' SDKs differ in, and what no SDK sends.
func TestWire(t *testing.T) {
	w := newWorld(t, "wire")
	w.wireStyles()
	w.wireRefusals()
	w.wireInstance()
	w.wireInstanceRefusals()
	w.terraform()
	w.reset(func(o *emulator.Options) { o.Throttle = "documented" })
	w.wireThrottled()
	w.testify()
}

func business(name string) bool {
	return !slices.Contains([]string{"Action", "Version", "Format", "AccessKeyId", "SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp", "Signature", "RegionId"}, name)
}

// wireStyles are the ways in which real clients put the same call on the wire.
func (w *world) wireStyles() {
	w.Helper()
	asJSON := func(p params) []byte { text, _ := json.Marshal(p); return text }
	asForm := func(p params) []byte { return []byte(canonical(flat(p))) }
	upper := func(h http.Header) {
		for _, name := range slices.Collect(maps.Keys(h)) {
			if v := h[name]; strings.HasPrefix(name, "x-acs-") {
				delete(h, name)
				h[strings.ToUpper(name)] = v
			}
		}
	}
	for name, c := range map[string]client{
		"RPC, all in the query":             rpc{w: w},
		"RPC, GET":                          rpc{w: w, method: "GET"},
		"RPC, business parameters in form":  rpc{w: w, body: business},
		"RPC, all in the form":              rpc{w: w, body: func(string) bool { return true }},
		"RPC, lower-case format":            rpc{w: w, change: func(p map[string]string) { p["Format"] = "json"; p["SignatureType"] = "" }},
		"RPC, waits for 100":                rpc{w: w, body: business, spoil: func(r *http.Request) { r.Header.Set("Expect", "100-continue") }},
		"RPC, chunked":                      rpc{w: w, body: business, spoil: func(r *http.Request) { r.ContentLength = -1 }},
		"ACS3, lower-case headers":          acs3{w: w},
		"ACS3, upper-case headers":          acs3{w: w, change: upper},
		"ACS3, form":                        acs3{w: w, contentType: "application/x-www-form-urlencoded", pack: asForm},
		"ACS3, form with charset":           acs3{w: w, contentType: "application/x-www-form-urlencoded; charset=UTF-8", pack: asForm},
		"ACS3, JSON body":                   acs3{w: w, contentType: "application/json; charset=utf-8", pack: asJSON},
		"ACS3, content type without a body": acs3{w: w, contentType: "application/json"},
	} {
		id := w.must(c, "CreateKey", params{"Description": "a b+c*d~/中 " + name}).text("KeyMetadata.KeyId")
		sealed := w.must(c, "Encrypt", params{"KeyId": id, "Plaintext": "aGVsbG8=", "EncryptionContext": `{"a":"<b>"}`})
		opened := w.must(c, "Decrypt", params{"CiphertextBlob": sealed.text("CiphertextBlob"), "EncryptionContext": `{"a":"<b>"}`})
		w.same(name, opened.text("Plaintext"), "aGVsbG8=")
		w.equal(w.must(c, "DescribeKey", params{"KeyId": id}), "KeyMetadata.Description", "a b+c*d~/中 "+name)
	}
	w.wireXML()
	w.wireHTTP2()
	w.wireHosts()
}

// wireXML asks for the protocol's other format.
func (w *world) wireXML() {
	w.Helper()
	w.must(rpc{w: w, change: func(p map[string]string) { p["Format"] = "XML" }, out: func(r *http.Response, text []byte) {
		var regions struct {
			XMLName xml.Name `xml:"KMS"`
			IDs     []string `xml:"Regions>Region>RegionId"`
		}
		if err := xml.Unmarshal(text, &regions); err != nil || len(regions.IDs) < 10 || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/xml") {
			w.Errorf("%v %s", err, text)
		}
	}}, "DescribeRegions", nil)
}

// wireHTTP2 offers HTTP/2 only, then both.
func (w *world) wireHTTP2() {
	w.Helper()
	for offer, want := range map[string]string{"h2": "h2", "h2 http/1.1": "http/1.1", "http/1.1": "http/1.1", "": ""} {
		config := trust(w.T, w.ready)
		config.NextProtos = strings.Fields(offer)
		conn, err := tls.Dial("tcp", w.ready.Public.HTTPS, config)
		if err != nil {
			w.Fatal(err)
		}
		w.same("the protocol for "+offer, conn.ConnectionState().NegotiatedProtocol, want)
		_ = conn.Close()
	}
	transport := &http.Transport{TLSClientConfig: trust(w.T, w.ready), Protocols: new(http.Protocols)}
	transport.Protocols.SetHTTP2(true)
	defer transport.CloseIdleConnections()
	r, err := http.NewRequest("GET", "https://"+w.ready.Public.HTTPS+"/?Action=DescribeRegions&Version=2016-01-20", nil)
	if err != nil {
		w.Fatal(err)
	}
	r.Header.Set("User-Agent", wireAgent)
	response, err := transport.RoundTrip(r)
	if err != nil {
		w.Fatal(err)
	}
	_ = response.Body.Close()
	if response.ProtoMajor != 2 || response.StatusCode != 400 {
		w.Errorf("%s %d", response.Proto, response.StatusCode)
	}
}

// wireHosts names a region by the endpoint's own name, as a client does that
// resolves it to the emulator.
func (w *world) wireHosts() {
	w.Helper()
	for host, region := range map[string]string{"kms.cn-shanghai.aliyuncs.com": "cn-shanghai", "KMS.eu-central-1.aliyuncs.com": "eu-central-1", "kms-vpc.cn-beijing.aliyuncs.com": "cn-beijing"} {
		made := w.must(rpc{w: w, spoil: func(r *http.Request) { r.Host = host }}, "CreateKey", nil)
		if arn := made.text("KeyMetadata.Arn"); !strings.Contains(arn, ":"+region+":") {
			w.Errorf("%s made %s", host, arn)
		}
	}
	elsewhere := w.must(rpc{w: w}, "CreateKey", params{"RegionId": "us-east-1"})
	w.refused(rpc{w: w}, "404 Forbidden.KeyNotFound", "DescribeKey", params{"KeyId": elsewhere.text("KeyMetadata.KeyId")})
}

// wireRefusals are what the gateway says before an operation is reached.
func (w *world) wireRefusals() {
	w.Helper()
	set := func(name, value string) func(map[string]string) {
		return func(p map[string]string) { p[name] = value }
	}
	without := func(name string) func(map[string]string) {
		return func(p map[string]string) { delete(p, name) }
	}
	w.must(rpc{w: w, change: set("SignatureNonce", "once")}, "DescribeRegions", nil)
	old := time.Now().Add(-16 * time.Minute).UTC().Format("2006-01-02T15:04:05Z")
	for _, c := range []struct {
		want, operation string
		client          client
	}{
		{"400 SignatureDoesNotMatch", "DescribeRegions", rpc{w: w, after: set("Signature", "AAAA")}},
		{"400 SignatureDoesNotMatch", "DescribeRegions", rpc{w: w, after: set("Extra", "1")}},
		{"400 SignatureNonceUsed", "DescribeRegions", rpc{w: w, change: set("SignatureNonce", "once")}},
		{"400 IllegalTimestamp", "DescribeRegions", rpc{w: w, change: set("Timestamp", old)}},
		{"400 IllegalTimestamp", "DescribeRegions", rpc{w: w, change: set("Timestamp", "yesterday")}},
		{"400 IllegalTimestamp", "DescribeRegions", rpc{w: w, change: without("Timestamp")}},
		{"400 IncompleteSignature", "DescribeRegions", rpc{w: w, after: without("Signature")}},
		{"400 MissingAccessKeyId", "DescribeRegions", rpc{w: w, change: without("AccessKeyId")}},
		{"404 InvalidAccessKeyId.NotFound", "DescribeRegions", rpc{w: w, change: set("AccessKeyId", "LTAI5nobody")}},
		{"404 InvalidAction.NotFound", "DescribeNothing", rpc{w: w}},
		{"400 InvalidVersion", "DescribeRegions", rpc{w: w, change: set("Version", "2016-01-21")}},
		{"400 MissingParameter", "DescribeRegions", rpc{w: w, change: without("Version")}},
		{"403 UnsupportedHTTPMethod", "DescribeRegions", rpc{w: w, method: "PUT"}},
		{"400 ParseRequestParameterException", "DescribeRegions", rpc{w: w, spoil: func(r *http.Request) { r.URL.RawQuery += "&%zz" }}},
		{"400 InvalidParameter", "CreateKey", rpc{w: w, change: set("EnableAutomaticRotation", "perhaps")}},
		{"400 SignatureDoesNotMatch", "DescribeRegions", acs3{w: w, spoil: func(r *http.Request) { r.URL.RawQuery = "Extra=1" }}},
		{"400 SignatureDoesNotMatch", "DescribeRegions", acs3{w: w, spoil: func(r *http.Request) { r.Host = "kms.cn-shanghai.aliyuncs.com" }}},
		{"400 IncompleteSignature", "DescribeRegions", acs3{w: w, spoil: func(r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader("x"))
			r.ContentLength = 1
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}}},
	} {
		w.refused(c.client, c.want, c.operation, nil)
	}
}

// wireThrottled meets the documented limit: one OpenKmsService a second.
func (w *world) wireThrottled() {
	w.Helper()
	for range 20 {
		if _, err := (rpc{w: w}).call("OpenKmsService", nil); err != nil && strings.Contains(err.Error(), "Rejected.Throttling") {
			w.refused(rpc{w: w}, "429 Rejected.Throttling", "OpenKmsService", nil)
			return
		}
	}
	w.Error("OpenKmsService was never throttled")
}

// terraform makes the calls of the vendor's provider in its order and shape.
func (w *world) terraform() {
	w.Helper()
	c := rpc{w: w, body: business}
	made := w.must(c, "CreateKey", params{"RegionId": w.ready.Region, "DKMSInstanceId": w.ready.Instance.ID, "ProtectionLevel": "SOFTWARE"})
	id := made.text("KeyMetadata.KeyId")
	described := w.must(c, "DescribeKey", params{"KeyId": id})
	w.equal(described, "KeyMetadata.DKMSInstanceId", w.ready.Instance.ID)
	if w.must(c, "ListTagResources", params{"RegionId": w.ready.Region, "ResourceType": "key", "ResourceId": []string{id}}).at("TagResources.TagResource") == nil {
		w.Error("ListTagResources without tags has no list")
	}
	if w.must(c, "ListResourceTags", params{"KeyId": id}).at("Tags.Tag") == nil {
		w.Error("ListResourceTags without tags has no list")
	}
	w.must(c, "GetKeyPolicy", params{"KeyId": id, "PolicyName": "default"})
	w.must(c, "SetDeletionProtection", params{"KeyId": id, "EnableDeletionProtection": true})
	w.must(c, "SetDeletionProtection", params{"KeyId": id, "EnableDeletionProtection": false})
	aliases := w.must(c, "ListAliases", params{"PageNumber": 1, "PageSize": 20})
	if aliases.at("Aliases.Alias") == nil {
		w.Error("ListAliases without aliases has no list")
	}
	w.must(c, "ScheduleKeyDeletion", params{"KeyId": id, "PendingWindowInDays": 7})
	w.must(c, "GetDefaultKmsInstance", nil)
	w.must(c, "GetKmsInstanceQuotaInfos", params{"KmsInstanceId": w.ready.Instance.ID})
	w.refused(c, "400 UnsupportedOperation", "ReleaseKmsInstance", params{"KmsInstanceId": "kst-witness0hardware", "ForceDeleteWithoutBackup": "true"})
	for _, operation := range []string{
		"CreateCertificate", "UploadCertificate", "GetCertificate", "DescribeCertificate", "UpdateCertificateStatus", "DeleteCertificate",
		"CertificatePublicKeyEncrypt", "CertificatePrivateKeyDecrypt", "CertificatePrivateKeySign", "CertificatePublicKeyVerify",
	} {
		w.refused(c, "400 UnsupportedOperation", operation, nil)
	}
}

// ---- the instance gateway
