package hcl

import (
	"os"
	"path/filepath"

	"kmsplan.dev/kmsplan/internal/kind"
)

// material looks at the length of a file with a key's material. One that is not there is not missed: it is needed when
// it is imported, and may be brought for that alone.
func (r *rules) material(b *block, in *instance, body Body) {
	values, written := body.Blocks[kind.MaterialBlock]
	if !written {
		return
	}
	file, known := kind.Values{Attrs: values}.String("file")
	spec, specKnown := kind.Values{Attrs: body.Attrs}.String("spec")
	if v, set := body.Attrs["spec"]; !known || set && !v.IsNull() && !specKnown || kind.MaterialSize(spec) == 0 {
		return
	}
	info, err := os.Stat(filepath.Join(r.t.in.Dir, filepath.FromSlash(file)))
	if err != nil {
		return
	}
	wrong := kind.CheckMaterialSize(spec, info.Size())
	if !info.Mode().IsRegular() {
		wrong = kind.Problem("It is no regular file.")
	}
	if wrong != nil {
		r.fail(body.Ranges[kind.MaterialBlock], kind.MaterialFile, "The material of %s, %s, cannot be imported. %s", in.addr, file, wrong)
	}
}
