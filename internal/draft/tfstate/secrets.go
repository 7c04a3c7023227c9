package tfstate

// Exposed is an attribute of a state that is a secret in clear.
type Exposed struct {
	Address   string `json:"address"`
	Attribute string `json:"attribute"`
	Do        string `json:"do"`
}

// secretAttributes are the attributes of the provider that are secrets, by type; those of data sources begin with data.
var secretAttributes = map[string]map[string]string{
	"alicloud_kms_secret":               {"secret_data": "store a new value: a new version of the secret"},
	"alicloud_kms_ciphertext":           {"plaintext": "change what it is, and encrypt the new one"},
	"alicloud_kms_client_key":           {"password": "make a new client key, and delete this one", "private_key_data": "make a new client key, and delete this one"},
	"data.alicloud_kms_plaintext":       {"plaintext": "change what it is, and encrypt the new one"},
	"data.alicloud_kms_ciphertext":      {"plaintext": "change what it is, and encrypt the new one"},
	"data.alicloud_kms_secrets":         {"secret_data": "store new values: new versions of the secrets"},
	"data.alicloud_kms_secret_versions": {"secret_data": "store a new value: a new version of the secret"},
}

// exposed are the attributes of a resource that hold a secret, on any depth.
func (r Resource) exposed() (out []Exposed) {
	kind := r.Type
	if r.Data {
		kind = "data." + kind
	}
	for _, name := range sortedNames(secretAttributes[kind]) {
		if holds(r.Attrs, name) {
			out = append(out, Exposed{r.Address(), name, secretAttributes[kind][name]})
		}
	}
	return out
}

// holds reports whether a text stands under a name anywhere in a value.
func holds(v any, name string) bool {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if s, ok := x.(string); k == name && ok && s != "" || holds(x, name) {
				return true
			}
		}
	case []any:
		for _, x := range v {
			if holds(x, name) {
				return true
			}
		}
	}
	return false
}
