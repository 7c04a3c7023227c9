package crypto

import (
	"errors"

	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// olderOperations are served for older SDKs, which have methods for them although
// the documentation no longer, or not yet, lists them: DescribeService
// (@alicloud/kms20160120 1.2.0) and AdvanceEncrypt over OpenAPI
// (alibaba-cloud-sdk-go 1.63.107).
func olderOperations() []core.Operation {
	return []core.Operation{
		core.Op("DescribeService", core.GroupKeyRead, describeService),
		core.Op("AdvanceEncrypt", core.GroupSymmetric, publicAdvanceEncrypt),
	}
}

// DescribeServiceResponse lists what kinds of keys there are.
type DescribeServiceResponse struct {
	ProtectionLevels struct{ ProtectionLevel []ServiceLevel }
	KeySpecs         struct{ KeySpec []ServiceSpec }
}

// ServiceLevel is a protection level.
type ServiceLevel struct{ Type string }

// ServiceSpec is a key spec with what it is good for.
type ServiceSpec struct {
	Name                      string
	SupportedProtectionLevels struct{ SupportedProtectionLevel []string }
	Usages                    struct{ Usage []string }
}

func describeService(e *core.Engine, _ *core.Call, _ *core.Empty) (*DescribeServiceResponse, error) {
	out := &DescribeServiceResponse{}
	levels := []string{core.ProtectionSoftware, core.ProtectionHSM}
	for _, level := range levels {
		out.ProtectionLevels.ProtectionLevel = append(out.ProtectionLevels.ProtectionLevel, ServiceLevel{level})
	}
	for _, name := range crypt.SpecNames() {
		spec, _ := crypt.SpecOf(name)
		s := ServiceSpec{Name: name}
		s.SupportedProtectionLevels.SupportedProtectionLevel = levels
		s.Usages.Usage = spec.Usages
		out.KeySpecs.KeySpec = append(out.KeySpecs.KeySpec, s)
	}
	return out, nil
}

// advanceEncryptRequest has its Plaintext encrypted as it stands, as everywhere in
// OpenAPI, and other bytes in base64.
type advanceEncryptRequest struct{ KeyId, Plaintext, Algorithm, Aad, Iv, PaddingMode *string }

type advanceEncryptResponse struct {
	KeyId, KeyVersionId, CiphertextBlob, Iv, Algorithm, PaddingMode string
}

// publicAdvanceEncrypt is AdvanceEncrypt with text instead of protobuf.
func publicAdvanceEncrypt(e *core.Engine, c *core.Call, in *advanceEncryptRequest) (*advanceEncryptResponse, error) {
	aad, aadErr := decodeOptional(in.Aad, "Aad")
	iv, ivErr := decodeOptional(in.Iv, "Iv")
	if err := errors.Join(aadErr, ivErr); err != nil {
		return nil, err
	}
	out, err := advanceEncrypt(e, c, &dkms.AdvanceEncryptRequest{
		KeyId: core.Text(in.KeyId), Plaintext: []byte(core.Text(in.Plaintext)), Algorithm: core.Text(in.Algorithm), Aad: aad, Iv: iv, PaddingMode: core.Text(in.PaddingMode),
	})
	if err != nil {
		return nil, err
	}
	return &advanceEncryptResponse{
		KeyId: out.KeyId, KeyVersionId: out.KeyVersionId, CiphertextBlob: core.Base64Text(out.CiphertextBlob),
		Iv: core.Base64Text(out.Iv), Algorithm: out.Algorithm, PaddingMode: out.PaddingMode,
	}, nil
}

func decodeOptional(value *string, name string) ([]byte, error) {
	if core.Text(value) == "" {
		return nil, nil
	}
	return core.DecodeParam(value, name)
}
