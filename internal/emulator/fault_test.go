package emulator_test

import (
	"errors"
	"net"
	"syscall"
	"testing"
	"time"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	kms "github.com/alibabacloud-go/kms-20160120/v3/client"
	"github.com/alibabacloud-go/tea/tea"

	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/calllog"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/emulator/fault"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// frozen is an emulator whose time moves by advance only.
func frozen(t *testing.T, change ...func(*emulator.Options)) (s *emulator.Server, client *kms.Client, advance func(time.Duration)) {
	t.Helper()
	s = emulatortest.New(t, change...)
	if err := s.Engine().Freeze(); err != nil {
		t.Fatal(err)
	}
	return s, sdk(t, s.Ready(), s.Ready().Public.HTTPS, nil), func(d time.Duration) {
		t.Helper()
		if _, err := s.Engine().Advance(d); err != nil {
			t.Fatal(err)
		}
	}
}

func inject(t *testing.T, s *emulator.Server, rules string) {
	t.Helper()
	if _, err := s.Faults().AddText(rules); err != nil {
		t.Fatal(err)
	}
}

func newKey(t *testing.T, client *kms.Client, in *kms.CreateKeyRequest) string {
	t.Helper()
	created, err := client.CreateKey(in)
	if err != nil {
		t.Fatal(err)
	}
	return *created.Body.KeyMetadata.KeyId
}

func countKeys(t *testing.T, client *kms.Client) int32 {
	t.Helper()
	listed, err := client.ListKeys(&kms.ListKeysRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return *listed.Body.TotalCount
}

// TestStaleRead serves the state of a while ago, whatever was asked before.
func TestStaleRead(t *testing.T) {
	s, client, advance := frozen(t)
	id := newKey(t, client, &kms.CreateKeyRequest{})
	advance(time.Minute)
	if _, err := client.DisableKey(&kms.DisableKeyRequest{KeyId: &id}); err != nil {
		t.Fatal(err)
	}
	newKey(t, client, &kms.CreateKeyRequest{})
	advance(10 * time.Second)
	state := func() string {
		d, err := client.DescribeKey(&kms.DescribeKeyRequest{KeyId: &id})
		if err != nil {
			t.Fatal(err)
		}
		return *d.Body.KeyMetadata.KeyState
	}
	inject(t, s, "DescribeKey:stale-read=30s,ListKeys:stale-read=30s,ListKeys:stale-read=2m,CreateKey:stale-read=2m")
	if got := state(); got != "Enabled" {
		t.Errorf("30 s ago the key was %s", got)
	}
	if got := state(); got != "Disabled" {
		t.Errorf("now the key is %s", got)
	}
	for _, want := range []int32{1, 0, 2} {
		if got := countKeys(t, client); got != want {
			t.Errorf("%d keys, want %d", got, want)
		}
	}
	newKey(t, client, &kms.CreateKeyRequest{})
	if got := countKeys(t, client); got != 3 {
		t.Errorf("a write was taken back: %d keys", got)
	}
}

// TestListsLagBehind: what was created is there at once, and in lists later.
func TestListsLagBehind(t *testing.T) {
	_, client, advance := frozen(t, func(o *emulator.Options) { o.ListLag = 5 * time.Second })
	advance(time.Minute)
	id := newKey(t, client, &kms.CreateKeyRequest{})
	if _, err := client.TagResource(&kms.TagResourceRequest{KeyId: &id, Tags: tea.String(`[{"TagKey":"a","TagValue":"b"}]`)}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.DescribeKey(&kms.DescribeKeyRequest{KeyId: &id}); err != nil {
		t.Errorf("the key is not there: %v", err)
	}
	advance(4 * time.Second)
	if got := countKeys(t, client); got != 0 {
		t.Errorf("listed at once: %d", got)
	}
	if tags, err := client.ListResourceTags(&kms.ListResourceTagsRequest{KeyId: &id}); err != nil || len(tags.Body.Tags.Tag) != 0 {
		t.Errorf("its tags: %v %v", tags, err)
	}
	if versions, err := client.ListKeyVersions(&kms.ListKeyVersionsRequest{KeyId: &id}); err != nil || len(versions.Body.KeyVersions.KeyVersion) != 0 || tea.Int32Value(versions.Body.TotalCount) != 0 {
		t.Errorf("its versions: %v %v", versions, err)
	}
	if _, err := client.ListKeyVersions(&kms.ListKeyVersionsRequest{KeyId: tea.String("key-none")}); code(err) != "Forbidden.KeyNotFound" {
		t.Errorf("versions of no key: %v", err)
	}
	advance(time.Second)
	tags, err := client.ListResourceTags(&kms.ListResourceTagsRequest{KeyId: &id})
	if got := countKeys(t, client); got != 1 || err != nil || len(tags.Body.Tags.Tag) != 1 {
		t.Errorf("five seconds later: %d keys, %v %v", got, tags, err)
	}
}

// TestDiskFull: nothing changes, the answer is the service's failure, and the
// next call works.
func TestDiskFull(t *testing.T) {
	s := emulatortest.New(t, func(o *emulator.Options) { o.Memory, o.Dir = false, t.TempDir() })
	client := sdk(t, s.Ready(), s.Ready().Public.HTTPS, nil)
	inject(t, s, "CreateKey:disk-full,ListKeys:disk-full")
	if _, err := client.CreateKey(&kms.CreateKeyRequest{}); code(err) != "InternalFailure" {
		t.Errorf("%v", err)
	}
	if got := countKeys(t, client); got != 0 {
		t.Errorf("%d keys", got)
	}
	newKey(t, client, &kms.CreateKeyRequest{})
	if got := countKeys(t, client); got != 1 {
		t.Errorf("%d keys", got)
	}
	if calls := s.Calls().Calls(calllog.Filter{Fault: "disk-full"}); len(calls) != 2 {
		t.Errorf("%+v", calls)
	}
}

func TestWrongKeyVersion(t *testing.T) {
	s, client, _ := frozen(t)
	r := s.Ready()
	id := newKey(t, client, &kms.CreateKeyRequest{DKMSInstanceId: &r.Instance.ID})
	inject(t, s, "Encrypt:wrong-key-version")
	encrypt := func() *kms.EncryptResponseBody {
		out, err := client.Encrypt(&kms.EncryptRequest{KeyId: &id, Plaintext: tea.String("aGVsbG8=")})
		if err != nil {
			t.Fatal(err)
		}
		return out.Body
	}
	wrong, right := encrypt(), encrypt()
	if *wrong.KeyVersionId != fault.NoSuchVersion || *right.KeyVersionId == fault.NoSuchVersion {
		t.Errorf("%s, then %s", *wrong.KeyVersionId, *right.KeyVersionId)
	}
	if opened, err := client.Decrypt(&kms.DecryptRequest{CiphertextBlob: wrong.CiphertextBlob}); err != nil || *opened.Body.Plaintext != "aGVsbG8=" {
		t.Errorf("the ciphertext is damaged: %v", err)
	}
}

// TestOutage: during it the gateway's addresses refuse connections, and the other
// gateway's does not.
func TestOutage(t *testing.T) {
	s := emulatortest.New(t)
	r := s.Ready()
	client := sdk(t, r, r.Public.HTTPS, nil)
	newKey(t, client, &kms.CreateKeyRequest{})
	inject(t, s, "public/ListKeys:outage=30m")
	if _, err := client.ListKeys(&kms.ListKeysRequest{}); err == nil {
		t.Fatal("an answer came")
	}
	for _, address := range []string{r.Public.HTTPS, r.Public.HTTP} {
		if conn, err := net.Dial("tcp", address); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%s: %v", address, err)
			if err == nil {
				conn.Close()
			}
		}
	}
	var out dkms.GenerateRandomResponse
	if refusal := protobuf(t, trusting(t, r), r, "GenerateRandom", &dkms.GenerateRandomRequest{Length: 1}, &out); refusal != nil {
		t.Error(refusal)
	}
	if calls := s.Calls().Calls(calllog.Filter{Fault: "outage=30m"}); len(calls) != 1 || calls[0].Status != 0 {
		t.Errorf("%+v", calls)
	}
}

// TestOutageEnds: the same address answers again.
func TestOutageEnds(t *testing.T) {
	s := emulatortest.New(t)
	r := s.Ready()
	client := sdk(t, r, r.Public.HTTPS, nil)
	newKey(t, client, &kms.CreateKeyRequest{})
	inject(t, s, "public/ListKeys:outage=100ms")
	if _, err := client.ListKeys(&kms.ListKeysRequest{}); err == nil {
		t.Fatal("an answer came")
	}
	deadline := time.Now().Add(30 * time.Second)
	for {
		list, err := client.ListKeys(&kms.ListKeysRequest{})
		if err == nil && *list.Body.TotalCount == 1 {
			break
		}
		if !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, syscall.ECONNRESET) {
			t.Fatalf("%v %v", list, err)
		}
		if time.Now().After(deadline) {
			t.Fatal("the gateway does not come back")
		}
	}
}

// TestOutageOnTheDedicatedGateway takes the instance's address away, and Close
// does not wait for its end.
func TestOutageOnTheDedicatedGateway(t *testing.T) {
	s := emulatortest.New(t)
	r := s.Ready()
	inject(t, s, "dedicated/Encrypt:outage=30m")
	dedicated := sdk(t, r, r.Instance.Endpoint, func(c *openapi.Config) {})
	if _, err := dedicated.Encrypt(&kms.EncryptRequest{KeyId: tea.String("x"), Plaintext: tea.String("aGVsbG8=")}); err == nil {
		t.Fatal("an answer came")
	}
	if _, err := net.Dial("tcp", r.Instance.Endpoint); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("%v", err)
	}
	if got := countKeys(t, sdk(t, r, r.Public.HTTPS, nil)); got != 0 {
		t.Errorf("%d keys", got)
	}
}
