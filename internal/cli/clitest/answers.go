package clitest

import "encoding/json"

// KeyID is the id in the JSON of an object, as state show and kms print it; "" = there is none.
func KeyID(text string) string {
	var out struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal([]byte(text), &out)
	return out.ID
}
