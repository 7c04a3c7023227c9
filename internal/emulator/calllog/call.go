package calllog

import (
	"strings"
	"time"
)

// Call is one request as the emulator answered it.
type Call struct {
	Seq        uint64            `json:"seq"`  // from 1, in order of completion
	Time       time.Time         `json:"time"` // virtual
	Gateway    string            `json:"gateway"`
	Operation  string            `json:"operation"`
	Caller     string            `json:"caller,omitempty"` // AccessKey or ClientKey id
	Account    string            `json:"account,omitempty"`
	Region     string            `json:"region,omitempty"`
	Key        string            `json:"key,omitempty"` // key, alias or secret that the call names
	Status     int               `json:"status"`        // HTTP; 0 = no answer was given
	Code       string            `json:"code,omitempty"`
	RequestID  string            `json:"request_id"`
	Signature  string            `json:"signature,omitempty"` // kind, never the value
	Agent      string            `json:"agent,omitempty"`     // User-Agent, at most 120 bytes
	Fault      string            `json:"fault,omitempty"`     // injected action
	Parameters map[string]string `json:"parameters,omitempty"`
	Unread     []string          `json:"unread,omitempty"` // names no handler reads
}

// Filter selects calls; zero fields select all.
type Filter struct {
	Gateway   string
	Operation string
	Caller    string
	Key       string
	Code      string
	Status    int
	Fault     string
	Since     uint64 // only calls with a larger Seq
	Limit     int    // the newest so many; 0 = all that are kept
}

// Match reports whether the call passes every field but Limit.
func (f Filter) Match(c Call) bool {
	for _, pair := range [][2]string{
		{f.Gateway, c.Gateway}, {f.Operation, c.Operation}, {f.Caller, c.Caller},
		{f.Key, c.Key}, {f.Code, c.Code}, {f.Fault, c.Fault},
	} {
		if pair[0] != "" && pair[0] != pair[1] {
			return false
		}
	}
	return (f.Status == 0 || f.Status == c.Status) && c.Seq > f.Since
}

// allowed are the parameters whose values may be kept: names, kinds and page
// positions. Everything else is dropped, whatever it is called, so that a
// parameter that is added to the service tomorrow does not leak.
var allowed = newSet(`
	AliasName AutomaticRotation DKMSInstanceId DestinationKeyId EnableAutomaticRotation
	EnableDeletionProtection EncryptionKeyId FetchTags ForceDeleteWithoutRecovery IncludeDeprecated
	InstanceId KeyId KeyMaterialExpireUnix KeyPairSpec KeyFormat KeySpec KeyUsage KeyVersionId KmsInstanceId
	MoveToVersion NumberOfBytes Origin PageNumber PageSize PendingWindowInDays ProtectedResourceArn
	ProtectionLevel RecoveryWindowInDays RegionId RemoveFromVersion ResourceType RotationInterval
	SecretDataType SecretName SecretType SourceKeyId VersionId VersionStage WrappingAlgorithm WrappingKeySpec
	Algorithm PaddingMode MessageType DryRun PolicyName Name ClientKeyId AapName AuthMethod Length`)

func newSet(words string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		set[word] = true
	}
	return set
}

// maxValue bounds a kept value.
const maxValue = 256

// Allow keeps the parameters that may be remembered.
func Allow(parameters map[string]string) map[string]string {
	var kept map[string]string
	for name, value := range parameters {
		if !allowed[name] {
			continue
		}
		if kept == nil {
			kept = make(map[string]string, len(parameters))
		}
		kept[name] = clip(value, maxValue)
	}
	return kept
}

// Allowed reports whether values of the parameter are kept.
func Allowed(name string) bool { return allowed[name] }

func clip(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(s, "�")
}
