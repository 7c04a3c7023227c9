package iam

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/plan"
)

// The actions of a store: on the bucket, on its objects, and on objects of kmsplan's own that go again.
type storeActions struct{ bucket, objects, own []string }

var (
	readsS3  = storeActions{bucket: []string{"s3:ListBucket"}, objects: []string{"s3:GetObject", "s3:GetObjectTagging"}}
	writesS3 = storeActions{
		bucket:  readsS3.bucket,
		objects: []string{"s3:AbortMultipartUpload", "s3:GetObject", "s3:GetObjectTagging", "s3:PutObject", "s3:PutObjectTagging"},
		own:     []string{"s3:DeleteObject"},
	}
	readsOSS  = storeActions{bucket: []string{"oss:GetBucketVersioning", "oss:ListObjects"}, objects: []string{"oss:GetObject", "oss:GetObjectTagging", "oss:GetObjectVersion"}}
	writesOSS = storeActions{
		bucket: []string{"oss:GetBucketVersioning", "oss:ListObjectVersions", "oss:ListObjects"},
		objects: []string{"oss:AbortMultipartUpload", "oss:GetObject", "oss:GetObjectAcl", "oss:GetObjectTagging", "oss:GetObjectVersion",
			"oss:GetObjectVersionTagging", "oss:PutObject", "oss:PutObjectAcl", "oss:PutObjectTagging"},
		own: []string{"oss:DeleteObject", "oss:DeleteObjectVersion"},
	}
	stateS3  = storeActions{bucket: []string{"s3:ListBucket"}, objects: []string{"s3:DeleteObject", "s3:GetObject", "s3:PutObject"}}
	stateOSS = storeActions{bucket: []string{"oss:ListObjects"}, objects: []string{"oss:DeleteObject", "oss:GetObject", "oss:PutObject"}}
)

// ownObjects begins the names of objects that a source writes to find out what its store honours, and takes away again.
const ownObjects = ".kmsplan-probe-"

// Who plans a batch reads the inventory that names its objects, and where its bucket keeps versions the version that was met.
var (
	inventoryS3  = []string{"s3:GetObject"}
	inventoryOSS = []string{"oss:GetObject", "oss:GetObjectVersion"}
)

// statements are those of a policy of the store's own kind, as JSON on one line. arn comes before a bucket's name.
func (a storeActions) statements(arn, bucket, prefix string) string {
	list := []Statement{
		{Effect: "Allow", Action: a.bucket, Resource: []string{arn + bucket}},
		{Effect: "Allow", Action: a.objects, Resource: []string{arn + bucket + "/" + prefix + "*"}},
	}
	if len(a.own) > 0 {
		list = append(list, Statement{Effect: "Allow", Action: a.own, Resource: []string{arn + bucket + "/" + prefix + ownObjects + "*"}})
	}
	text, _ := json.Marshal(list) // of strings
	return string(text)
}

const (
	arnS3  = "arn:aws:s3:::"
	arnOSS = "acs:oss:*:*:"
)

// sourceRights says what the place of a batch's objects has to allow.
func sourceRights(o *object) string {
	reads := o.text("action") == kind.BatchVerify
	in := o.sourceText
	pick := func(r, w storeActions) storeActions {
		if reads {
			return r
		}
		return w
	}
	needs := ""
	switch o.batchSource() {
	case kind.SourceFiles:
		needs = "read the files and their directories"
		if !reads {
			needs += ", and write both"
		}
	case kind.SourceS3:
		needs = "in a policy of the bucket's: " + pick(readsS3, writesS3).statements(arnS3, orAny(in("bucket")), in("prefix"))
	case kind.SourceOSS:
		needs = "in a policy of RAM's: " + pick(readsOSS, writesOSS).statements(arnOSS, orAny(in("bucket")), in("prefix"))
	case kind.SourcePostgres:
		needs = "SELECT of the primary key and the column"
		if !reads {
			needs += ", and UPDATE of the column"
		}
		needs += "; `kmsplan worker -grant ROLE` prints it as SQL"
	}
	return fmt.Sprintf("%s works on %s, which has to let it: %s.", o.addr, plan.SourceWords(o.body), needs)
}

// batchSource is the place that a batch's source has, such as s3, and sourceText an argument of it.
func (o *object) batchSource() string {
	return kind.Values{Attrs: o.body.Attrs, Blocks: o.body.Blocks}.BatchSource()
}

func (o *object) sourceText(attr string) string {
	return (&object{body: hcl.Body{Attrs: o.body.Blocks["source."+o.batchSource()]}}).text(attr)
}

// inventoryRights says what the bucket has to allow that holds the inventory which names a batch's objects: its manifest, and the
// files that S3 and OSS write beside the manifest's directory; "" = there is none, or it is a file of the module.
func inventoryRights(o *object) string {
	at := o.sourceText("inventory")
	u, err := url.Parse(at)
	if err != nil || !kind.IsStore(at) {
		return ""
	}
	arn, actions, of := arnS3, inventoryS3, "the bucket's"
	if o.batchSource() == kind.SourceOSS {
		arn, actions, of = arnOSS, inventoryOSS, "RAM's"
	}
	manifest := u.Host + "/" + strings.TrimPrefix(u.Path, "/")
	on := []string{arn + manifest}
	if !strings.HasSuffix(strings.TrimSuffix(manifest, ".gz"), ".csv") {
		// Not path.Join: a key is no path.
		on = append(on, arn+above(above(manifest))+"/data/*")
	}
	text, _ := json.Marshal([]Statement{{Effect: "Allow", Action: actions, Resource: on}}) // of strings
	return fmt.Sprintf("The objects of %s are named by %s, which has to let whoever plans it read it, in a policy of %s: %s.", o.addr, at, of, text)
}

// above is the address without its last name, and the bucket at least.
func above(address string) string {
	if i := strings.LastIndexByte(address, '/'); i >= 0 {
		return address[:i]
	}
	return address
}

// stateRights says what the place of the state has to allow: a worker notes there what came of a batch.
func (w *work) stateRights() {
	set := w.Config.Settings
	bucket, key := orAny(set.Backend["bucket"]), strings.TrimSuffix(set.Backend["key"], "/")
	switch set.BackendType {
	case "s3":
		w.note("The state is in S3, in a policy of the bucket's: %s.", stateS3.statements(arnS3, bucket, key))
	case "oss":
		w.note("The state is in OSS, in a policy of RAM's: %s.", stateOSS.statements(arnOSS, bucket, key))
	case "pg":
		w.note("The state is in PostgreSQL, schema %s: `kmsplan worker -grant ROLE` prints what a role needs there.", cmp.Or(set.Backend["schema_name"], "kmsplan"))
	}
}
