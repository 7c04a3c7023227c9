package kind

import (
	"encoding/base64"

	"github.com/zclconf/go-cty/cty"
)

// The data types of a secret value (KMS: CreateSecret).
const (
	dataText   = "text"
	dataBinary = "binary"
)

func checkSecretValue(v cty.Value) error {
	n := len(v.AsString())
	if n < 1 || n > MaxSecretValue {
		return sentence("A secret value has 1 to %d bytes; this one has %d.", MaxSecretValue, n)
	}
	return nil
}

// checkBinaryValue wants base64 and repeats nothing of it: the value is a secret.
func checkBinaryValue(v cty.Value) error {
	raw, err := base64.StdEncoding.DecodeString(v.AsString())
	if err != nil {
		return sentence("value_base64 is not base64. Write filebase64(\"FILE\") for a file's bytes, base64encode(TEXT) for a text, or value for a text as it is.")
	}
	if n := base64.StdEncoding.EncodedLen(len(raw)); n < 1 || n > MaxSecretValue {
		return sentence("A binary value has 1 to %d bytes as base64; this one has %d.", MaxSecretValue, n)
	}
	return nil
}

// generate and value exclude each other by the block's table.
func oneSecretValue(b Values) (string, error) {
	if !b.Set("value_base64") {
		return "", nil
	}
	if dataType, ok := b.String("data_type"); ok && dataType != dataBinary {
		return "data_type", sentence("value_base64 is a binary value. Leave data_type out, or write value for a text.")
	}
	if b.Set("value") || b.Blocks["generate"] != nil {
		return "value_base64", sentence("The secret's value is given twice. Keep one of value, value_base64 and generate.")
	}
	return "", nil
}

func secretPolicyNeedsInstance(b Values) (string, error) {
	if b.NoInstance && b.Set("policy") {
		return "policy", sentence("Only secrets in a KMS instance have a policy. Set instance = gateway.NAME.instance.id, or leave policy out.")
	}
	return "", nil
}
