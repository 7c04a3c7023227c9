package oss_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
	"github.com/google/uuid"

	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/oss"
	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/remote/placetest"
	"kmsplan.dev/kmsplan/internal/state/statetest"
)

// service is an emulator's object service, and a client that looks at it without us.
type service struct {
	ready  emulator.Ready
	client *sdk.Client
}

func serve(t *testing.T) service {
	r := emulatortest.New(t, func(o *emulator.Options) { o.OSSListen = "127.0.0.1:0" }).Ready()
	t.Setenv("OSS_ACCESS_KEY_ID", r.AccessKeyID)
	t.Setenv("OSS_ACCESS_KEY_SECRET", r.AccessKeySecret)
	transport := trusting(t, r)
	c := sdk.NewConfig().WithRegion(r.Region).WithEndpoint("https://" + r.OSS).WithHttpClient(&http.Client{Transport: transport}).
		WithCredentialsProvider(credentials.NewStaticCredentialsProvider(r.AccessKeyID, r.AccessKeySecret, ""))
	return service{r, sdk.NewClient(c)}
}

func trusting(t *testing.T, r emulator.Ready) *http.Transport {
	t.Helper()
	pem, err := os.ReadFile(r.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, MaxIdleConnsPerHost: 16}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// bucket is an empty bucket.
func (s service) bucket(t *testing.T, versioning string) oss.Options {
	t.Helper()
	o := oss.Options{Bucket: "b-" + uuid.NewString(), Key: "prod/kmsplan", Region: s.ready.Region, Endpoint: "https://" + s.ready.OSS, CAFile: s.ready.CAFile}
	if _, err := s.client.PutBucket(t.Context(), &sdk.PutBucketRequest{Bucket: &o.Bucket}); err != nil {
		t.Fatal(err)
	}
	if versioning != "" {
		_, err := s.client.PutBucketVersioning(t.Context(), &sdk.PutBucketVersioningRequest{Bucket: &o.Bucket,
			VersioningConfiguration: &sdk.VersioningConfiguration{Status: sdk.VersioningStatusType(versioning)}})
		if err != nil {
			t.Fatal(err)
		}
	}
	return o
}

// objects are the names in a bucket, with their lengths.
func (s service) objects(t *testing.T, o oss.Options) map[string]int64 {
	t.Helper()
	l, err := s.client.ListObjectsV2(t.Context(), &sdk.ListObjectsV2Request{Bucket: &o.Bucket, MaxKeys: 1000})
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]int64{}
	for _, c := range l.Contents {
		names[*c.Key] = c.Size
	}
	return names
}

func (s service) put(t *testing.T, o oss.Options, key, text string) {
	t.Helper()
	if _, err := s.client.PutObject(t.Context(), &sdk.PutObjectRequest{Bucket: &o.Bucket, Key: &key, Body: strings.NewReader(text)}); err != nil {
		t.Fatal(err)
	}
}

// add appends to the end of a log behind everybody's back.
func (s service) add(t *testing.T, o oss.Options, log string, data func(at int64) []byte) {
	t.Helper()
	at := s.objects(t, o)[log]
	if _, err := s.client.AppendObject(t.Context(), &sdk.AppendObjectRequest{Bucket: &o.Bucket, Key: &log, Position: &at, Body: bytes.NewReader(data(at))}); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, o oss.Options) *oss.Place {
	t.Helper()
	p, err := oss.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// always is a limit at which every head but the first begins a log.
const always = 1

func TestPlace(t *testing.T) {
	s := serve(t)
	for _, versioning := range []string{"", "Enabled", "Suspended"} {
		for _, limit := range []int64{0, always} {
			if testing.Short() && (versioning == "Enabled") != (limit == always) {
				continue
			}
			t.Run(fmt.Sprintf("versioning %q, logs of %d", versioning, limit), func(t *testing.T) {
				placetest.Run(t, func(t *testing.T) func() remote.Place {
					o := s.bucket(t, versioning)
					o.LogLimit = limit
					return func() remote.Place { return open(t, o) }
				})
			})
		}
	}
}

func TestStoreContract(t *testing.T) {
	s := serve(t)
	for versioning, limit := range map[string]int64{"": 0, "Enabled": 4 << 10} {
		if testing.Short() && limit == 0 {
			continue
		}
		t.Run(fmt.Sprintf("versioning %q, logs of %d", versioning, limit), func(t *testing.T) {
			statetest.Run(t, func(t *testing.T) statetest.Subject {
				o := s.bucket(t, versioning)
				o.LogLimit = limit
				fault := &placetest.Faulty{}
				shared := open(t, o)
				return statetest.Subject{
					Open: func() state.Store {
						return remote.New(remote.Retry(fault.Over(shared), placetest.Quick), remote.Options{})
					},
					Lose:   func(bool) { fault.Lose(placetest.Quick.Attempts) },
					Damage: func(journal bool) { s.damage(t, o, journal) },
				}
			})
		})
	}
}

func (s service) damage(t *testing.T, o oss.Options, journal bool) {
	if journal {
		p := open(t, o)
		head, rev, err := p.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Swap(t.Context(), rev, regexp.MustCompile(`"journal":"[^"]*"`).ReplaceAll(head, []byte(`"journal":"ZGFtYWdlZA=="`))); err != nil {
			t.Fatal(err)
		}
		return
	}
	for key := range s.objects(t, o) {
		if strings.HasPrefix(key, o.Key+".d/state-") {
			s.put(t, o, key, "damaged")
		}
	}
}

// Writers that begin new logs all the time lose nothing, and delete no log: each old one ends with what points on.
func TestManyWritersBeginNewLogs(t *testing.T) {
	s := serve(t)
	o := s.bucket(t, "Enabled")
	o.LogLimit = 2000
	const writers, rounds = 6, 5
	var wg sync.WaitGroup
	for w := range writers {
		store := remote.New(open(t, o), remote.Options{})
		wg.Go(func() {
			for i := range rounds {
				for {
					err := statetest.AddResource(context.Background(), store, fmt.Sprintf("w%d-%d", w, i))
					if err == nil {
						break
					}
					if !errors.Is(err, state.ErrStale) {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	st, v, err := remote.New(open(t, o), remote.Options{}).Read(t.Context())
	if err != nil || len(st.Resources) != writers*rounds || v.Serial != writers*rounds {
		t.Fatalf("%d objects at %v, %v", len(st.Resources), v, err)
	}
	logs := 0
	for key := range s.objects(t, o) {
		if key == o.Key || strings.HasPrefix(key, o.Key+".d/log-") {
			logs++
		}
	}
	if logs < 3 {
		t.Errorf("it took %d logs", logs)
	}
}

// Whoever saw a log before it was followed by another cannot write to it, then or ever.
func TestAFollowedLogTakesNoHead(t *testing.T) {
	s := serve(t)
	o := s.bucket(t, "")
	o.LogLimit = always
	late, p := open(t, o), open(t, o)
	first, err := p.Swap(t.Context(), "", []byte("1"))
	if err != nil {
		t.Fatal(err)
	}
	length := s.objects(t, o)[o.Key]
	if _, _, err := late.Head(t.Context()); err != nil {
		t.Fatal(err)
	}
	rev := first
	for n := range 5 {
		if rev, err = p.Swap(t.Context(), rev, fmt.Append(nil, n)); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if _, err := late.Swap(t.Context(), first, []byte("late")); !errors.Is(err, remote.ErrConflict) {
			t.Errorf("the late write gave %v", err)
		}
	}
	head, at, err := late.Head(t.Context())
	if err != nil || string(head) != "4" || at != rev {
		t.Errorf("the late reader has %q at %s, %v", head, at, err)
	}
	if now := s.objects(t, o)[o.Key]; now <= length {
		t.Errorf("the first log is %d bytes long, it was %d", now, length)
	}
}

// An answer that is lost on the wire, whichever it is, costs nothing: what was to be stored is stored once.
func TestAnAnswerThatIsLostOnTheWire(t *testing.T) {
	s := serve(t)
	front := &losing{to: "https://" + s.ready.OSS, through: trusting(t, s.ready)}
	server := httptest.NewServer(front)
	defer server.Close()
	for _, limit := range []int64{0, always} {
		lost := 1
		for hit := true; hit; lost++ {
			o := s.bucket(t, "")
			o.LogLimit, o.Endpoint = limit, server.URL
			first := remote.New(open(t, o), remote.Options{})
			if err := statetest.AddResource(t.Context(), first, "a"); err != nil {
				t.Fatal(err)
			}
			front.arm(lost)
			if err := statetest.AddResource(t.Context(), remote.New(remote.Retry(open(t, o), placetest.Quick), remote.Options{}), "b"); err != nil {
				t.Fatalf("answer %d lost: %v", lost, err)
			}
			hit = front.arm(0)
			st, v, err := first.Read(t.Context())
			if err != nil || len(st.Resources) != 2 || v.Serial != 2 {
				t.Fatalf("answer %d lost: %d objects at %v, %v", lost, len(st.Resources), v, err)
			}
		}
		if lost < 6 {
			t.Errorf("only %d answers were lost", lost-2)
		}
	}
}

// losing passes requests on and loses one answer.
type losing struct {
	to      string
	through http.RoundTripper
	mu      sync.Mutex
	left    int
	lost    bool
}

// arm loses the nth answer from now on, 0 none, and reports whether the one before was lost.
func (l *losing) arm(n int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	lost := l.lost
	l.left, l.lost = n, false
	return lost
}

func (l *losing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q, err := http.NewRequestWithContext(r.Context(), r.Method, l.to+r.URL.RequestURI(), r.Body)
	if err != nil {
		panic(err)
	}
	q.Header, q.ContentLength = r.Header.Clone(), r.ContentLength
	a, err := l.through.RoundTrip(q)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer a.Body.Close()
	l.mu.Lock()
	l.left--
	lose := l.left == 0
	l.lost = l.lost || lose
	l.mu.Unlock()
	if lose {
		panic(http.ErrAbortHandler)
	}
	for name, values := range a.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.StatusCode)
	var b bytes.Buffer
	_, _ = b.ReadFrom(a.Body)
	_, _ = w.Write(b.Bytes())
}

// What somebody else wrote, or what is not whole, is no head: nothing is guessed and nothing written.
func TestADamagedLogIsRefused(t *testing.T) {
	s := serve(t)
	raw := func(data string) func(int64) []byte { return func(int64) []byte { return []byte(data) } }
	for name, tt := range map[string]struct {
		damage func(o oss.Options)
		want   error
	}{
		"somebody's line":     {func(o oss.Options) { s.add(t, o, o.Key, raw("a line of a log\n")) }, state.ErrCorrupt},
		"somebody's document": {func(o oss.Options) { s.add(t, o, o.Key, raw(strings.Repeat("x", 200))) }, state.ErrCorrupt},
		"a torn record": {func(o oss.Options) {
			s.add(t, o, o.Key, func(at int64) []byte {
				whole := oss.Record(o.Key, at, oss.HeadRecord, []byte("head"))
				return whole[:len(whole)-1]
			})
		}, state.ErrCorrupt},
		"a record of another place": {func(o oss.Options) {
			s.add(t, o, o.Key, func(at int64) []byte { return oss.Record(o.Key, at-1, oss.HeadRecord, []byte("head")) })
		}, state.ErrCorrupt},
		"a record of another log": {func(o oss.Options) {
			s.add(t, o, o.Key, func(at int64) []byte { return oss.Record("other", at, oss.HeadRecord, []byte("head")) })
		}, state.ErrCorrupt},
		"a changed record": {func(o oss.Options) {
			s.add(t, o, o.Key, func(at int64) []byte {
				record := oss.Record(o.Key, at, oss.HeadRecord, []byte("head"))
				record[0] ^= 1
				return record
			})
		}, state.ErrCorrupt},
		"a pointer to nowhere": {func(o oss.Options) {
			s.add(t, o, o.Key, func(at int64) []byte {
				return oss.Record(o.Key, at, oss.PointerRecord, []byte(o.Key+".d/log-000002-gone"))
			})
		}, state.ErrCorrupt},
		"a pointer back": {func(o oss.Options) {
			s.add(t, o, o.Key, func(at int64) []byte { return oss.Record(o.Key, at, oss.PointerRecord, []byte(o.Key)) })
		}, state.ErrCorrupt},
		"a pointer elsewhere": {func(o oss.Options) {
			s.add(t, o, o.Key, func(at int64) []byte { return oss.Record(o.Key, at, oss.PointerRecord, []byte("other/log-000002-x")) })
		}, state.ErrCorrupt},
		"another object in its place": {func(o oss.Options) { s.put(t, o, o.Key, strings.Repeat("x", 5000)) }, state.ErrCorrupt},
		"it is deleted": {func(o oss.Options) {
			if _, err := s.client.DeleteObject(t.Context(), &sdk.DeleteObjectRequest{Bucket: &o.Bucket, Key: &o.Key}); err != nil {
				t.Fatal(err)
			}
		}, state.ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			o := s.bucket(t, "Enabled")
			p := open(t, o)
			rev, err := p.Swap(t.Context(), "", []byte("head"))
			if err != nil {
				t.Fatal(err)
			}
			tt.damage(o)
			before := s.objects(t, o)
			for _, reader := range []*oss.Place{p, open(t, o)} {
				if head, _, err := reader.Head(t.Context()); !errors.Is(err, tt.want) {
					t.Errorf("reading gave %q, %v", head, err)
				}
				if _, err := reader.Swap(t.Context(), rev, []byte("over it")); err == nil {
					t.Error("it was written over")
				}
			}
			if after := s.objects(t, o); fmt.Sprint(after) != fmt.Sprint(before) {
				t.Errorf("%v became %v", before, after)
			}
		})
	}
}

// An object's name has one content where the bucket can see to that; the same again is no error.
func TestAnObjectIsWrittenOnce(t *testing.T) {
	s := serve(t)
	p := open(t, s.bucket(t, ""))
	for range 2 {
		if err := p.Put(t.Context(), "state-1", []byte("one")); err != nil {
			t.Error(err)
		}
	}
	if err := p.Put(t.Context(), "state-1", []byte("two")); !errors.Is(err, remote.ErrRefused) {
		t.Errorf("another content gave %v", err)
	}
	if got, err := p.Get(t.Context(), "state-1"); string(got) != "one" {
		t.Errorf("it reads %q, %v", got, err)
	}
}

func TestAServerIsMeasured(t *testing.T) {
	s := serve(t)
	for _, versioning := range []string{"", "Enabled"} {
		o := s.bucket(t, versioning)
		if err := remote.Measure(t.Context(), open(t, o)); err != nil {
			t.Error(err)
		}
		if left := s.objects(t, o); len(left) > 0 {
			t.Errorf("measuring left %v", left)
		}
	}
}

// A store that appends anywhere is refused, and one that knows no appends; no error repeats what it wrote.
func TestAStoreWithoutPositionsIsRefused(t *testing.T) {
	t.Setenv("OSS_ACCESS_KEY_ID", "canary-oss-access")
	t.Setenv("OSS_ACCESS_KEY_SECRET", "canary-oss-secret")
	t.Setenv("OSS_SESSION_TOKEN", "canary-oss-token")
	coded := func(status int, code string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(status)
			fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s %s</Message></Error>", code, r.Header.Get("Authorization"), r.Header.Get("x-oss-security-token"))
		}
	}
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"it ignores them": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("x-oss-next-append-position", fmt.Sprint(r.ContentLength+number(r.URL.Query().Get("position"))))
		}, "two runs could write over each other"},
		"it does not know them":  {coded(501, "NotImplemented"), "use another store"},
		"it refuses us":          {coded(403, "SignatureDoesNotMatch"), "OSS_ACCESS_KEY_ID"},
		"it repeats our secrets": {coded(403, "canary-oss-access"), "with an unknown code"},
		"our clock is off":       {coded(403, "RequestTimeTooSkewed"), "clock"},
		"there is no bucket":     {coded(404, "NoSuchBucket"), "no such bucket"},
		"it sends us elsewhere": {func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "elsewhere") {
				t.Error("the redirect was followed")
			}
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(307)
		}, "elsewhere"},
	} {
		server := httptest.NewServer(tt.answer)
		err := remote.Measure(t.Context(), open(t, oss.Options{Bucket: "bucket", Key: "k", Region: "cn-hangzhou", Endpoint: server.URL}))
		server.Close()
		if !errors.Is(err, remote.ErrRefused) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func number(text string) (n int64) {
	_, _ = fmt.Sscan(text, &n)
	return n
}

// Credentials come from the environment, or from whom the caller names.
func TestCredentials(t *testing.T) {
	s := serve(t)
	o := s.bucket(t, "")
	id, secret := os.Getenv("OSS_ACCESS_KEY_ID"), os.Getenv("OSS_ACCESS_KEY_SECRET")
	given := func(c oss.Credential, err error) func(context.Context) (oss.Credential, error) {
		return func(context.Context) (oss.Credential, error) { return c, err }
	}
	for name, tt := range map[string]struct {
		env      map[string]string
		provider func(context.Context) (oss.Credential, error)
		want     string
	}{
		"none":               {nil, nil, "OSS_ACCESS_KEY_ID"},
		"half":               {map[string]string{"OSS_ACCESS_KEY_ID": id}, nil, "OSS_ACCESS_KEY_SECRET"},
		"OSS's variables":    {map[string]string{"OSS_ACCESS_KEY_ID": id, "OSS_ACCESS_KEY_SECRET": secret}, given(oss.Credential{}, errors.New("asked")), ""},
		"the cloud's":        {map[string]string{"ALIBABA_CLOUD_ACCESS_KEY_ID": id, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": secret}, nil, ""},
		"the caller's":       {nil, given(oss.Credential{AccessKeyID: id, AccessKeySecret: secret}, nil), ""},
		"the caller's fail":  {nil, given(oss.Credential{}, errors.New("the chain is empty")), "the chain is empty"},
		"a token of no call": {map[string]string{"OSS_ACCESS_KEY_ID": id, "OSS_ACCESS_KEY_SECRET": secret, "OSS_SESSION_TOKEN": "x"}, nil, "403 InvalidSecurityToken"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, v := range []string{"OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN", "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"} {
				t.Setenv(v, tt.env[v])
			}
			o := o
			o.Credentials = tt.provider
			_, _, err := open(t, o).Head(t.Context())
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("%v, want %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("the secret is in %v", err)
			}
		})
	}
}

func TestOptionsThatAreRefused(t *testing.T) {
	t.Setenv("OSS_REGION", "")
	t.Setenv("ALIBABA_CLOUD_REGION_ID", "")
	good := oss.Options{Bucket: "bucket", Key: "k", Region: "cn-hangzhou"}
	if p := open(t, good); p.String() != "oss oss-cn-hangzhou.aliyuncs.com, bucket bucket, key k" {
		t.Errorf("the region's endpoint: %s", p)
	}
	for want, change := range map[string]func(*oss.Options){
		"needs bucket and key":  func(o *oss.Options) { o.Key = "" },
		"not the name of one":   func(o *oss.Options) { o.Bucket = "My_Bucket" },
		"slash":                 func(o *oss.Options) { o.Key = "/k" },
		"@":                     func(o *oss.Options) { o.Key = "a@b" },
		"longer":                func(o *oss.Options) { o.Key = strings.Repeat("k", 801) },
		"needs the bucket's re": func(o *oss.Options) { o.Region = "" },
		"one such as":           func(o *oss.Options) { o.Region = "evil.example/" },
		"no URL":                func(o *oss.Options) { o.Endpoint = "host:1" },
		"not encrypted":         func(o *oss.Options) { o.Endpoint = "http://oss.example" },
		"holds credentials":     func(o *oss.Options) { o.Endpoint = "https://a:canary@oss.example" },
		"ca_file":               func(o *oss.Options) { o.CAFile = "nowhere.pem" },
	} {
		o := good
		change(&o)
		if _, err := oss.Open(o); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%+v: %v", o, err)
		}
	}
}
