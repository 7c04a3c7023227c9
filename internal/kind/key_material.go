package kind

import (
	"encoding/base64"

	"github.com/zclconf/go-cty/cty"
)

// MaterialBlock is the nested block of a key whose material is imported.
const MaterialBlock = "material"

// The ways to wrap key material on its way (KMS: GetParametersForImport). Keys of an instance take the first only.
const (
	WrapSHA256 = "RSAES_OAEP_SHA_256"
	WrapSHA1   = "RSAES_OAEP_SHA_1"
)

// MaterialSize is how many bytes of material a key of a spec takes; 0 = kmsplan imports none into it.
func MaterialSize(spec string) int {
	switch spec {
	case "", DefaultSpec:
		return 32
	case "Aliyun_SM4":
		return 16
	}
	return 0
}

func materialBlock() Block {
	return Block{
		Name: MaterialBlock, Doc: "The material of a key with `origin = \"EXTERNAL\"`, imported when the key is made, when its material expired or was deleted, and when its expiry changes. " +
			"It is wrapped in memory, and state keeps a fingerprint of it. KMS takes the same material again and no other: for another, make another key and point its aliases there.",
		Attributes: []Attribute{
			{Name: "file", Type: cty.String, Doc: "The file with the material, inside the module: 32 bytes for `Aliyun_AES_256`, 16 for `Aliyun_SM4`, and nothing else. It has to be there when material is imported, and is never changed.", Check: checkFile},
			{Name: "base64", Type: cty.String, WriteOnly: true, Doc: "The material as base64, in place of a file. Take it from an `ephemeral` variable.", Check: checkMaterialText},
			{Name: "wrapping", Type: cty.String, Doc: "How it is wrapped: `RSAES_OAEP_SHA_256` (default), or `RSAES_OAEP_SHA_1` for a key outside an instance.", Check: oneOf("wrapping", WrapSHA256, WrapSHA1)},
			{Name: "expires", Type: cty.String, Doc: "When KMS deletes the material, RFC 3339 with a zone. `null`: never. Left out: never for a new key, and not managed for one that has material.", Check: checkMoment},
			{Name: "warn_days", Type: cty.Number, Doc: "How many days before that a plan begins to warn. Default 30.", Check: wholeNumber("warn_days", " days", 0, 3650)},
		},
	}
}

// materialRules are the rules of the block.
func materialRules() []Rule {
	return []Rule{
		{ID: "material-needs-external", Summary: invalid, Doc: "`material` is for a key with `origin = \"EXTERNAL\"`.", Check: materialNeedsExternal},
		{ID: "material-given-once", Summary: invalid, Doc: "`material` has a `file`, or `base64`.", Check: materialGivenOnce},
		{ID: "material-fits-spec", Summary: invalid, Doc: "Material is as long as the key's spec wants it; asymmetric keys take none here.", Check: materialFitsSpec},
		{ID: "material-wrapping", Summary: invalid, Doc: "A key in an instance takes `RSAES_OAEP_SHA_256` (KMS: GetParametersForImport).", Check: materialWrapping},
	}
}

// checkMaterialText repeats nothing of it.
func checkMaterialText(v cty.Value) error {
	if raw, err := base64.StdEncoding.DecodeString(v.AsString()); err != nil || len(raw) == 0 {
		return sentence("The material is not base64. Write file = \"FILE\" for a file with the bytes themselves, or base64 = filebase64(\"FILE\").")
	}
	return nil
}

func materialNeedsExternal(b Values) (string, error) {
	v, written := b.Attrs["origin"]
	if origin, _ := b.String("origin"); b.Blocks[MaterialBlock] == nil || origin == OriginExternal || written && !v.IsKnown() {
		return "", nil
	}
	return MaterialBlock, sentence("KMS makes the material of this key itself. Write origin = %q, or take the material block out.", OriginExternal)
}

func materialGivenOnce(b Values) (string, error) {
	block, written := b.Blocks[MaterialBlock]
	if !written {
		return "", nil
	}
	m := Values{Attrs: block}
	switch file, text := m.Set("file"), m.Set("base64"); {
	case file && text:
		return MaterialBlock, sentence("The material is given twice. Keep file, or base64.")
	case !file && !text:
		return MaterialBlock, sentence("There is no material. Write file = \"FILE\", or base64 = var.NAME with an ephemeral variable.")
	}
	return "", nil
}

func materialFitsSpec(b Values) (string, error) {
	block, written := b.Blocks[MaterialBlock]
	spec, known := b.String("spec")
	if v, set := b.Attrs["spec"]; !written || !known && set && !v.IsNull() {
		return "", nil
	}
	if MaterialSize(spec) == 0 {
		return MaterialBlock, sentence("Material for a key of spec %q is not imported here. Write spec = %q or \"Aliyun_SM4\".", spec, DefaultSpec)
	}
	v, given := block["base64"]
	if !given {
		return "", nil
	}
	if v, _ = v.Unmark(); !v.IsKnown() || v.IsNull() {
		return "", nil
	}
	raw, err := base64.StdEncoding.DecodeString(v.AsString())
	defer clear(raw)
	if err != nil {
		return "", nil // said already
	}
	return MaterialBlock, CheckMaterialSize(spec, int64(len(raw)))
}

// CheckMaterialSize says what is wrong with so many bytes of material for a key of that spec, or nil.
func CheckMaterialSize(spec string, n int64) error {
	if want := MaterialSize(spec); n != int64(want) {
		return sentence("The material of a key of spec %q has %d bytes, and this has %d. It is the key's bytes themselves, without a line break, not as text in base64 or hexadecimal.", orDefaultSpec(spec), want, n)
	}
	return nil
}

func orDefaultSpec(spec string) string {
	if spec == "" {
		return DefaultSpec
	}
	return spec
}

func materialWrapping(b Values) (string, error) {
	block, written := b.Blocks[MaterialBlock]
	wrapping, _ := Values{Attrs: block}.String("wrapping")
	if v, set := b.Attrs["instance"]; !written || b.NoInstance || wrapping != WrapSHA1 || set && !v.IsKnown() {
		return "", nil
	}
	return MaterialBlock, sentence("A key in an instance takes material wrapped with %s. Leave wrapping out.", WrapSHA256)
}
