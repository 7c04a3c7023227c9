package oss_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc64"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/retry"

	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/emulator/engine"
)

// served makes this test binary an emulator that somebody else ends; it names the data directory.
const served = "KMSPLAN_TEST_OSS_DIR"

func TestMain(m *testing.M) {
	dir := os.Getenv(served)
	if dir == "" {
		os.Exit(m.Run())
	}
	s, err := emulator.Start(context.Background(), emulator.Options{Dir: dir, OSSListen: "127.0.0.1:0", LockTimeout: 5 * time.Second})
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(s.Ready())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	select {}
}

func start(t *testing.T) *emulator.Server {
	return emulatortest.New(t, func(o *emulator.Options) { o.OSSListen = "127.0.0.1:0" })
}

func trusting(t *testing.T, caFile string) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(caFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// client is the vendor's SDK; change may change how it is set up.
func client(t *testing.T, r emulator.Ready, change ...func(*sdk.Config)) *sdk.Client {
	t.Helper()
	c := sdk.NewConfig().WithRegion(r.Region).WithEndpoint("https://" + r.OSS).WithHttpClient(trusting(t, r.CAFile)).WithRetryer(retry.NopRetryer{}).
		WithCredentialsProvider(credentials.NewStaticCredentialsProvider(r.AccessKeyID, r.AccessKeySecret, ""))
	for _, f := range change {
		f(c)
	}
	return sdk.NewClient(c)
}

func signing(v sdk.SignatureVersionType) func(*sdk.Config) {
	return func(c *sdk.Config) { c.WithSignatureVersion(v) }
}

func makeBucket(t *testing.T, c *sdk.Client, name, versioning string) {
	t.Helper()
	if _, err := c.PutBucket(t.Context(), &sdk.PutBucketRequest{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
	if versioning == "" {
		return
	}
	_, err := c.PutBucketVersioning(t.Context(), &sdk.PutBucketVersioningRequest{Bucket: &name,
		VersioningConfiguration: &sdk.VersioningConfiguration{Status: sdk.VersioningStatusType(versioning)}})
	if err != nil {
		t.Fatal(err)
	}
}

func put(c *sdk.Client, key, text string, forbid bool) error {
	q := &sdk.PutObjectRequest{Bucket: sdk.Ptr("bucket"), Key: &key, Body: strings.NewReader(text)}
	if forbid {
		q.ForbidOverwrite = sdk.Ptr("true")
	}
	_, err := c.PutObject(context.Background(), q)
	return err
}

func add(c *sdk.Client, key string, at int64, text string) (*sdk.AppendObjectResult, error) {
	return c.AppendObject(context.Background(), &sdk.AppendObjectRequest{Bucket: sdk.Ptr("bucket"), Key: &key, Position: &at, Body: strings.NewReader(text)})
}

func get(c *sdk.Client, key string, change ...func(*sdk.GetObjectRequest)) (string, error) {
	q := &sdk.GetObjectRequest{Bucket: sdk.Ptr("bucket"), Key: &key}
	for _, f := range change {
		f(q)
	}
	r, err := c.GetObject(context.Background(), q)
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	return string(data), err
}

// code is the service's refusal in err, with its status: "409 FileAlreadyExists".
func code(err error) string {
	var no *sdk.ServiceError
	if errors.As(err, &no) {
		return strconv.Itoa(no.StatusCode) + " " + no.Code
	}
	if err == nil {
		return ""
	}
	return err.Error()
}

func want(t *testing.T, what string, err error, refusal string) {
	t.Helper()
	if got := code(err); got != refusal {
		t.Errorf("%s: %q, want %q", what, got, refusal)
	}
}

// The vendor's SDK does with it what it does with the service, in both signatures, whatever an object is called.
func TestTheSDKStoresAndReads(t *testing.T) {
	for name, v := range map[string]sdk.SignatureVersionType{"V1": sdk.SignatureVersionV1, "V4": sdk.SignatureVersionV4} {
		t.Run(name, func(t *testing.T) {
			c := client(t, start(t).Ready(), signing(v))
			makeBucket(t, c, "bucket", "")
			for _, key := range []string{"a", "dir/b c+d", "dir/é&=?%/x", "dir/~star*"} {
				want(t, "put "+key, put(c, key, "content of "+key, false), "")
				if got, err := get(c, key); got != "content of "+key {
					t.Errorf("%s reads %q, %v", key, got, err)
				}
			}
			l, err := c.ListObjectsV2(t.Context(), &sdk.ListObjectsV2Request{Bucket: sdk.Ptr("bucket"), Prefix: sdk.Ptr("dir/"), MaxKeys: 2})
			if err != nil || len(l.Contents) != 2 || !l.IsTruncated {
				t.Fatalf("the first page has %+v, %v", l, err)
			}
			l2, err := c.ListObjectsV2(t.Context(), &sdk.ListObjectsV2Request{Bucket: sdk.Ptr("bucket"), Prefix: sdk.Ptr("dir/"), ContinuationToken: l.NextContinuationToken})
			if err != nil || len(l2.Contents) != 1 || l2.IsTruncated {
				t.Fatalf("the second page has %+v, %v", l2, err)
			}
			top, err := c.ListObjectsV2(t.Context(), &sdk.ListObjectsV2Request{Bucket: sdk.Ptr("bucket"), Delimiter: sdk.Ptr("/")})
			if err != nil || len(top.Contents) != 1 || len(top.CommonPrefixes) != 1 || *top.CommonPrefixes[0].Prefix != "dir/" {
				t.Errorf("by folders: %+v, %v", top, err)
			}
			info, err := c.GetBucketInfo(t.Context(), &sdk.GetBucketInfoRequest{Bucket: sdk.Ptr("bucket")})
			if err != nil || *info.BucketInfo.Location != "oss-cn-hangzhou" {
				t.Errorf("bucket info: %+v, %v", info, err)
			}
			_, err = c.DeleteBucket(t.Context(), &sdk.DeleteBucketRequest{Bucket: sdk.Ptr("bucket")})
			want(t, "a bucket with objects", err, "409 BucketNotEmpty")
			_, err = c.DeleteObject(t.Context(), &sdk.DeleteObjectRequest{Bucket: sdk.Ptr("bucket"), Key: sdk.Ptr("a")})
			want(t, "delete", err, "")
			_, err = get(c, "a")
			want(t, "what was deleted", err, "404 NoSuchKey")
			_, err = c.HeadObject(t.Context(), &sdk.HeadObjectRequest{Bucket: sdk.Ptr("bucket"), Key: sdk.Ptr("a")})
			want(t, "its head", err, "404 NoSuchKey")
		})
	}
}

// An append takes effect at the length that it names, and nowhere else.
func TestAppends(t *testing.T) {
	for _, versioning := range []string{"", "Enabled", "Suspended"} {
		t.Run("versioning "+versioning, func(t *testing.T) {
			c := client(t, start(t).Ready())
			makeBucket(t, c, "bucket", versioning)
			_, err := add(c, "log", 3, "x")
			want(t, "an append in mid-air", err, "409 PositionNotEqualToLength")
			first, err := add(c, "log", 0, "one")
			if err != nil || first.NextPosition != 3 {
				t.Fatalf("the first append: %+v, %v", first, err)
			}
			_, err = add(c, "log", 0, "late")
			want(t, "a second first append", err, "409 PositionNotEqualToLength")
			var no *sdk.ServiceError
			if errors.As(err, &no) && no.Headers.Get("x-oss-next-append-position") != "3" {
				t.Errorf("the refusal says the next position is %q", no.Headers.Get("x-oss-next-append-position"))
			}
			second, err := add(c, "log", 3, "two")
			crc := strconv.FormatUint(crc64.Checksum([]byte("onetwo"), crc64.MakeTable(crc64.ECMA)), 10)
			if err != nil || second.NextPosition != 6 || *second.HashCRC64 != crc || (second.VersionId == nil) != (versioning == "") {
				t.Fatalf("the second append: %+v, %v", second, err)
			}
			h, err := c.HeadObject(t.Context(), &sdk.HeadObjectRequest{Bucket: sdk.Ptr("bucket"), Key: sdk.Ptr("log")})
			if err != nil || h.ContentLength != 6 || *h.ObjectType != "Appendable" || h.Headers.Get("x-oss-next-append-position") != "6" || *h.HashCRC64 != crc {
				t.Errorf("its head: %+v, %v", h, err)
			}
			if got, err := get(c, "log"); got != "onetwo" {
				t.Errorf("it reads %q, %v", got, err)
			}
			// A put or a deletion ends it: as a former version where versions are kept.
			want(t, "a put over it", put(c, "log", "normal", false), "")
			_, err = add(c, "log", 6, "three")
			want(t, "an append to what is no append object", err, "409 ObjectNotAppendable")
			_, err = c.DeleteObject(t.Context(), &sdk.DeleteObjectRequest{Bucket: sdk.Ptr("bucket"), Key: sdk.Ptr("log")})
			want(t, "delete", err, "")
			_, err = add(c, "log", 6, "three")
			want(t, "an append to what was deleted", err, "409 PositionNotEqualToLength")
			if again, err := add(c, "log", 0, "new"); err != nil || again.NextPosition != 3 {
				t.Errorf("a new one: %+v, %v", again, err)
			}
			if versioning == "Enabled" {
				old, err := get(c, "log", func(q *sdk.GetObjectRequest) { q.VersionId = second.VersionId })
				if old != "onetwo" {
					t.Errorf("the former version reads %q, %v", old, err)
				}
			}
		})
	}
}

func TestOfManyAppendsAtOnePositionOneTakesEffect(t *testing.T) {
	c := client(t, start(t).Ready())
	makeBucket(t, c, "bucket", "")
	at := int64(0)
	for range 10 {
		var wins atomic.Int64
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				if r, err := add(c, "log", at, strings.Repeat("x", w+1)); err == nil {
					wins.Add(r.NextPosition - at)
				} else if code(err) != "409 PositionNotEqualToLength" {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if at += wins.Load(); wins.Load() < 1 {
			t.Fatal("none took effect")
		}
		if got, err := get(c, "log"); int64(len(got)) != at {
			t.Fatalf("%d bytes are stored, %d were acknowledged, %v", len(got), at, err)
		}
	}
}

// x-oss-forbid-overwrite holds in buckets without versioning only, as documented.
func TestForbidOverwrite(t *testing.T) {
	for versioning, second := range map[string]string{"": "409 FileAlreadyExists", "Enabled": "", "Suspended": ""} {
		c := client(t, start(t).Ready())
		makeBucket(t, c, "bucket", versioning)
		want(t, "the first", put(c, "k", "1", true), "")
		want(t, "the second with versioning "+versioning, put(c, "k", "2", true), second)
		v, err := c.GetBucketVersioning(t.Context(), &sdk.GetBucketVersioningRequest{Bucket: sdk.Ptr("bucket")})
		if err != nil || sdk.ToString(v.VersionStatus) != versioning {
			t.Errorf("versioning reads %+v, %v", v, err)
		}
	}
}

func TestRanges(t *testing.T) {
	c := client(t, start(t).Ready())
	makeBucket(t, c, "bucket", "")
	want(t, "put", put(c, "k", "0123456789", false), "")
	for _, tt := range []struct{ ask, legacy, standard string }{
		{"bytes=2-4", "234", "234"},
		{"bytes=7-", "789", "789"},
		{"bytes=-3", "789", "789"},
		{"bytes=0-9", "0123456789", "0123456789"},
		{"bytes=8-20", "0123456789", "89"},
		{"bytes=10-", "0123456789", "416 InvalidRange"},
		{"bytes=-20", "0123456789", "0123456789"},
		{"lines=1-2", "0123456789", "0123456789"},
	} {
		for _, behavior := range []string{"", "standard"} {
			got, err := get(c, "k", func(q *sdk.GetObjectRequest) {
				q.Range = &tt.ask
				if behavior != "" {
					q.RangeBehavior = &behavior
				}
			})
			expect := map[string]string{"": tt.legacy, "standard": tt.standard}[behavior]
			if got+code(err) != expect {
				t.Errorf("%s %s: %q, want %q", tt.ask, behavior, got+code(err), expect)
			}
		}
	}
}

// It refuses what the service refuses.
func TestRefusals(t *testing.T) {
	s := start(t)
	r := s.Ready()
	c := client(t, r)
	makeBucket(t, c, "bucket", "")
	want(t, "put", put(c, "k", "1", false), "")
	bucket, key := sdk.Ptr("bucket"), sdk.Ptr("k")
	sts, err := s.Engine().CreateSTS(engine.Session{})
	if err != nil {
		t.Fatal(err)
	}
	other, err := s.Engine().CreateSTS(engine.Session{Account: "2000000000000002"})
	if err != nil {
		t.Fatal(err)
	}
	as := func(id, secret, token string) func(*sdk.Config) {
		return func(c *sdk.Config) {
			c.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(id, secret, token))
		}
	}
	for _, v := range []sdk.SignatureVersionType{sdk.SignatureVersionV1, sdk.SignatureVersionV4} {
		for name, tt := range map[string]struct {
			change func(*sdk.Config)
			want   string
		}{
			"its own key":              {func(*sdk.Config) {}, ""},
			"a session":                {as(sts.AccessKeyID, sts.Secret, sts.SecurityToken), ""},
			"a session, no token":      {as(sts.AccessKeyID, sts.Secret, ""), "403 InvalidSecurityToken"},
			"a session, another token": {as(sts.AccessKeyID, sts.Secret, "other"), "403 InvalidSecurityToken"},
			"a wrong secret":           {as(r.AccessKeyID, "wrong", ""), "403 SignatureDoesNotMatch"},
			"an unknown key":           {as("LTAI5tNobody", "wrong", ""), "403 InvalidAccessKeyId"},
			"another account":          {as(other.AccessKeyID, other.Secret, other.SecurityToken), "403 AccessDenied"},
			"nobody":                   {func(c *sdk.Config) { c.WithCredentialsProvider(credentials.NewAnonymousCredentialsProvider()) }, "403 AccessDenied"},
		} {
			_, err := get(client(t, r, signing(v), tt.change), "k")
			want(t, fmt.Sprint(name, " V", v), err, tt.want)
		}
	}
	_, err = get(client(t, r, func(c *sdk.Config) { c.WithRegion("cn-beijing") }), "k")
	want(t, "another region", err, "400 InvalidArgument")
	for what, tt := range map[string]struct {
		change func(*http.Request)
		want   string
	}{
		"a parameter added after signing": {func(q *http.Request) { q.URL.RawQuery += "&prefix=x" }, "403 SignatureDoesNotMatch"},
		"a header changed after signing":  {func(q *http.Request) { q.Header.Set("x-oss-forbid-overwrite", "false") }, "403 SignatureDoesNotMatch"},
		"another object":                  {func(q *http.Request) { q.URL.Path += "x" }, "403 SignatureDoesNotMatch"},
		"another method":                  {func(q *http.Request) { q.Method = "PUT" }, "403 SignatureDoesNotMatch"},
		"an old date":                     {func(q *http.Request) { q.Header.Set("x-oss-date", "20200101T000000Z") }, "400 InvalidArgument"},
	} {
		changing := client(t, r, func(c *sdk.Config) {
			c.WithHttpClient(&http.Client{Transport: changed{trusting(t, r.CAFile).Transport, tt.change}})
		})
		_, err := get(changing, "k")
		want(t, what, err, tt.want)
	}
	_, err = c.InvokeOperation(t.Context(), &sdk.OperationInput{OpName: "AppendObject", Method: "POST", Bucket: bucket, Key: sdk.Ptr("log"), Parameters: map[string]string{"append": ""}})
	want(t, "an append without position", err, "400 MissingArgument")
	_, err = add(c, "log", -1, "x")
	want(t, "an append before the beginning", err, "400 InvalidArgument")
	_, err = c.PutObject(t.Context(), &sdk.PutObjectRequest{Bucket: bucket, Key: key, Body: strings.NewReader("2"), ContentMD5: sdk.Ptr("1B2M2Y8AsgTpgAmY7PhCfg==")})
	want(t, "a wrong digest", err, "400 InvalidDigest")
	_, err = c.PutObject(t.Context(), &sdk.PutObjectRequest{Bucket: bucket, Key: key, Body: strings.NewReader("2"), RequestCommon: sdk.RequestCommon{Headers: map[string]string{"If-Match": "x"}}})
	want(t, "a conditional put", err, "501 NotImplemented")
	_, err = c.GetObject(t.Context(), &sdk.GetObjectRequest{Bucket: sdk.Ptr("nowhere"), Key: key})
	want(t, "no bucket", err, "404 NoSuchBucket")
	_, err = get(c, "k", func(q *sdk.GetObjectRequest) { q.VersionId = sdk.Ptr("none") })
	want(t, "no version", err, "404 NoSuchVersion")
	_, err = c.PutBucketVersioning(t.Context(), &sdk.PutBucketVersioningRequest{Bucket: bucket, VersioningConfiguration: &sdk.VersioningConfiguration{Status: "On"}})
	want(t, "no such versioning", err, "400 MalformedXML")
	_, err = c.GetBucketLifecycle(t.Context(), &sdk.GetBucketLifecycleRequest{Bucket: bucket})
	want(t, "what the emulator does not have", err, "501 NotImplemented")
	if got, err := get(c, "k"); got != "1" {
		t.Errorf("after all that, it reads %q, %v", got, err)
	}
}

// changed changes requests after they were signed.
type changed struct {
	http.RoundTripper
	change func(*http.Request)
}

func (c changed) RoundTrip(q *http.Request) (*http.Response, error) {
	q = q.Clone(q.Context())
	c.change(q)
	return c.RoundTripper.RoundTrip(q)
}

// What was answered survives the process.
func TestAnAnsweredWriteSurvivesAKill(t *testing.T) {
	dir := t.TempDir()
	run := func() (*exec.Cmd, *sdk.Client) {
		child := exec.Command(os.Args[0])
		child.Env, child.Stderr = append(os.Environ(), served+"="+dir), os.Stderr
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		var r emulator.Ready
		if err := json.NewDecoder(out).Decode(&r); err != nil {
			t.Fatal(err)
		}
		return child, client(t, r)
	}
	child, c := run()
	makeBucket(t, c, "bucket", "Enabled")
	var log bytes.Buffer
	for round := range 4 {
		acked := make(chan struct{}, 1000)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for n := 0; ; n++ {
				text := fmt.Sprintf("record %d of round %d\n", n, round)
				if _, err := add(c, "log", int64(log.Len()), text); err != nil {
					return
				}
				log.WriteString(text)
				acked <- struct{}{}
			}
		}()
		for range 20 {
			<-acked
		}
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = child.Wait()
		<-done
		child, c = run()
		got, err := get(c, "log")
		if err != nil || !strings.HasPrefix(got, log.String()) || strings.Count(got[log.Len():], "\n") > 1 {
			t.Fatalf("round %d: %d bytes were acknowledged and %d are there, %v", round, log.Len(), len(got), err)
		}
		log.Reset()
		log.WriteString(got)
	}
	_ = child.Process.Kill()
	_ = child.Wait()
}

// A reset takes the objects along, and who reaches the emulator is limited as everywhere else.
func TestItIsPartOfTheEmulator(t *testing.T) {
	s := start(t)
	makeBucket(t, client(t, s.Ready()), "bucket", "")
	if err := s.Engine().Reset(); err != nil {
		t.Fatal(err)
	}
	_, err := get(client(t, s.Ready()), "k")
	want(t, "a bucket after the reset", err, "404 NoSuchBucket")
	if _, err := emulator.Start(t.Context(), emulator.Options{Memory: true, OSSListen: "0.0.0.0:0"}); err == nil || !strings.Contains(err.Error(), "not a loopback address") {
		t.Errorf("for everybody: %v", err)
	}
}
