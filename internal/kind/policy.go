package kind

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/zclconf/go-cty/cty"
)

// MaxPolicy is the longest key policy in bytes (KMS: SetKeyPolicy).
const MaxPolicy = 32768

func checkPolicy(v cty.Value) error {
	text := v.AsString()
	if len(text) > MaxPolicy {
		return sentence("A key policy has at most %d bytes; this one has %d. Shorten it.", MaxPolicy, len(text))
	}
	doc, err := decodeJSON(text)
	if err != nil {
		return sentence("A key policy is a JSON document, and this text is not: %v. jsonencode({ … }) writes it without slips.", err)
	}
	object, ok := doc.(map[string]any)
	if !ok {
		return sentence(`A key policy is a JSON object such as {"Version": "1", "Statement": [ … ]}.`)
	}
	if statements, ok := object["Statement"].([]any); !ok || len(statements) == 0 {
		return sentence(`A key policy needs "Statement", a list of at least one statement.`)
	}
	return nil
}

// defaultPolicy is the policy of a key nobody set one for: the account may do
// everything (KMS: key policy, PolicyName default).
func defaultPolicy(account string) cty.Value {
	return cty.StringVal(fmt.Sprintf(`{"Version":"1","Statement":[{"Sid":"kms default key policy","Effect":"Allow",`+
		`"Principal":{"RAM":["acs:ram::%s:*"]},"Action":["kms:*"],"Resource":["*"]}]}`, account))
}

func decodeJSON(text string) (any, error) {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var doc any
	if err := d.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("it is empty")
		}
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is text after the document's end")
	}
	return doc, nil
}
