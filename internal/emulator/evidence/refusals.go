package evidence

import (
	"fmt"
	"slices"
	"strings"
)

// Refusal is one that the service documents.
type Refusal struct {
	Gateway    string   // public or instance
	Answer     string   // "status Code"
	Operations []string // those that must have given it; nil = any one
	Source     string   // where it is documented
}

// Refusals are the documented refusals that the emulator gives.
func Refusals() []Refusal {
	const states, common, gateway = "impact of CMK status on API operations", "common error codes", "instance API, common error codes"
	use := "Encrypt Decrypt GenerateDataKey GenerateDataKeyWithoutPlaintext UpdateRotationPolicy CreateKeyVersion"
	list := []Refusal{
		refusal("public", "409 Rejected.Disabled", use, states),
		refusal("public", "409 Rejected.PendingDeletion", use+" UpdateKeyDescription TagResource UntagResource UpdateAlias", states),
		refusal("public", "409 Rejected.PendingImport", use, states),
		refusal("public", "409 Rejected.StateModifiedFailed", "EnableKey DisableKey ScheduleKeyDeletion CancelKeyDeletion CreateAlias ImportKeyMaterial", states),
		refusal("public", "404 Forbidden.KeyNotFound", "DescribeKey EnableKey DisableKey ScheduleKeyDeletion CancelKeyDeletion CreateAlias UpdateRotationPolicy CreateKeyVersion", common),
		refusal("public", "404 Forbidden.AliasNotFound", "DescribeKey Encrypt UpdateAlias DeleteAlias", common),
		refusal("public", "404 Forbidden.ResourceNotFound", "GetSecretValue DescribeSecret DeleteSecret", "DeleteSecret"),
		refusal("public", "400 Forbidden.Opened", "OpenKmsService", "OpenKmsService"),
		refusal("public", "400 AliasAlreadyExists", "CreateAlias", common),
		refusal("public", "400 Rejected.UnsupportedOperation", "UpdateRotationPolicy CreateKeyVersion", "UpdateRotationPolicy"),
		refusal("public", "400 UnsupportedOperation", "Encrypt", "Decrypt"),
		refusal("public", "400 InvalidKeyMaterial", "ImportKeyMaterial", common),
		refusal("public", "400 InvalidImportToken", "ImportKeyMaterial", common),
		refusal("public", "400 ExpiredImportToken", "ImportKeyMaterial", common),
		refusal("public", "400 Unsupported.Origin", "GetParametersForImport DeleteKeyMaterial", common),
		refusal("public", "409 Rejected.ResourceExist", "CreateSecret", "CreateSecret"),
		refusal("public", "409 Rejected.ResourceInDeleteWindow", "CreateSecret DeleteSecret", "CreateSecret, DeleteSecret"),
		refusal("public", "404 Forbidden.DKMSInstanceNotFound", "GetKmsInstance", "GetKmsInstance"),
		refusal("public", "403 Forbidden.DKMSInstanceStateInvalid", "ConnectKmsInstance", "ConnectKmsInstance"),
	}
	for _, answer := range strings.Fields(`404/InvalidAccessKeyId.NotFound 404/Forbidden.KeyVersionNotFound 403/UnsupportedHTTPMethod 400/ParseRequestParameterException
		400/MissingParameter 400/InvalidParameter 400/IncompleteSignature 400/IllegalTimestamp 400/Unsupported.Alias 400/Unsupported.ProtectionLevel 400/Rejected.LimitExceeded
		403/Forbidden.NoPermission 403/Forbidden.KmsServiceNotEnabled 409/Rejected.Unavailable 429/Rejected.Throttling 400/Throttling.User 500/InternalFailure 503/ServiceUnavailableTemporary
		400/SignatureDoesNotMatch 400/SignatureNonceUsed 404/InvalidAction.NotFound 400/DryRunOperationError 400/ValidationError`) {
		list = append(list, refusal("public", strings.Replace(answer, "/", " ", 1), "", common))
	}
	for _, answer := range strings.Fields(`400/InvalidApiName 400/InvalidApiVersion 400/InvalidParam 400/MissingParameter 400/RequestTimeTooSkewed 400/InvalidParameter 400/UnsupportedOperation
		401/SignatureNotMatch 403/Forbidden.NoPermission 404/Forbidden.KeyNotFound 404/Unauthorized 409/Rejected.Disabled 409/Rejected.PendingDeletion 409/Rejected.PendingImport
		413/ 415/InvalidContentType 429/Rejected.Throttling 500/InternalFailure 503/ServiceUnavailableTemporary`) {
		list = append(list, refusal("instance", strings.Replace(answer, "/", " ", 1), "", gateway))
	}
	return list
}

func refusal(gateway, answer, operations, source string) Refusal {
	return Refusal{gateway, answer, strings.Fields(operations), source}
}

// Provoked names the clients that met a refusal, by operation; where the refusal
// may come from any operation the key is "".
func (r Refusal) Provoked(records []Record) map[string][]string {
	met := map[string][]string{}
	for _, record := range records {
		for place, o := range record.Operations {
			gateway, operation, _ := strings.Cut(place, " ")
			if gateway != r.Gateway || !slices.Contains(o.Refused, r.Answer) {
				continue
			}
			if len(r.Operations) == 0 {
				operation = ""
			}
			if !slices.Contains(met[operation], record.Client.ID) {
				met[operation] = append(met[operation], record.Client.ID)
			}
		}
	}
	return met
}

// Missing are the operations that nobody got the refusal from.
func (r Refusal) Missing(records []Record) []string {
	met := r.Provoked(records)
	if len(r.Operations) == 0 && len(met[""]) == 0 {
		return []string{"any operation"}
	}
	var missing []string
	for _, operation := range r.Operations {
		if len(met[operation]) == 0 {
			missing = append(missing, operation)
		}
	}
	return missing
}

// refusalTable renders the documented refusals with how many clients met them,
// hand-written requests among them.
func refusalTable(records []Record) string {
	var b strings.Builder
	b.WriteString("| gateway | documented refusal | met at | clients | documented in |\n|---|---|---|---|---|\n")
	for _, r := range Refusals() {
		clients := map[string]bool{}
		for _, ids := range r.Provoked(records) {
			for _, id := range ids {
				clients[id] = true
			}
		}
		at := strings.Join(r.Operations, ", ")
		if at == "" {
			at = "any operation"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %d | %s |\n", r.Gateway, r.Answer, at, len(clients), r.Source)
	}
	return b.String()
}
