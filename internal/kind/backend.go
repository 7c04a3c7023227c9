package kind

import "github.com/zclconf/go-cty/cty"

// DefaultBackend keeps the state beside the configuration.
const DefaultBackend = "local"

// Backends returns the tables of the backend block, one for each label, in the order of the reference. Read only.
// Credentials are in none: they come from the environment.
func Backends() []*Block { return backends[:] }

// Backend returns the table of that label, or nil.
func Backend(label string) *Block {
	for _, b := range backends {
		if b.Name == label {
			return b
		}
	}
	return nil
}

var backends = [...]*Block{
	{Name: DefaultBackend, Doc: "A file on this machine.", Attributes: []Attribute{
		static("path", cty.String, "The state file. Default: `kmsplan.state.json` beside the configuration.", nil),
	}},
	{Name: "http", Doc: "GitLab's managed state, and servers of the same protocol.", Attributes: []Attribute{
		static("address", cty.String, "Of the document, https. Needed.", nil),
		static("update_method", cty.String, "The method that stores. Default `POST`.", nil),
		static("lock_address", cty.String, "Where the server's lock is taken. Without it the server has to honour `If-Match`.", nil),
		static("lock_method", cty.String, "Default `LOCK`; GitLab's is `POST`.", nil),
		static("unlock_address", cty.String, "Default: `lock_address`.", nil),
		static("unlock_method", cty.String, "Default `UNLOCK`; GitLab's is `DELETE`.", nil),
		static("ca_file", cty.String, "The CA that signed the server's certificate, PEM, in place of the system's.", nil),
	}},
	{Name: "pg", Doc: "PostgreSQL.", Attributes: []Attribute{
		static("conn_str", cty.String, "Where the database is, without a password. Default: `KMSPLAN_PG_CONN_STR`, else the `PG…` variables.", nil),
		static("schema_name", cty.String, "The schema of its tables. Default `kmsplan`.", nil),
		static("name", cty.String, "The stack's name in them. Default `default`.", nil),
	}},
	{Name: "s3", Doc: "A bucket of S3, or of a store that honours its conditional writes.", Attributes: []Attribute{
		static("bucket", cty.String, "Needed.", nil),
		static("key", cty.String, "Of the state in the bucket. Needed.", nil),
		static("region", cty.String, "Default: `AWS_REGION`, else `us-east-1`.", nil),
		static("endpoint", cty.String, "Of another store than AWS's, https.", nil),
		static("path_style", cty.Bool, "The bucket stands in the path, not in the host's name. Default false.", nil),
		static("instance_role", cty.Bool, "Credentials may come from the machine this runs on. Default false.", nil),
		static("ca_file", cty.String, "The CA that signed the store's certificate, PEM, in place of the system's.", nil),
	}},
	{Name: "oss", Doc: "A bucket of OSS. It was tried on the emulator only, on no real OSS.", Attributes: []Attribute{
		static("bucket", cty.String, "Needed.", nil),
		static("key", cty.String, "Of the state in the bucket. Needed.", nil),
		static("region", cty.String, "Of the bucket. Default: `OSS_REGION`, `ALIBABA_CLOUD_REGION_ID`.", nil),
		static("endpoint", cty.String, "Another address than the region's public one, such as its internal one, https.", nil),
		static("path_style", cty.Bool, "The bucket stands in the path, not in the host's name. Default false.", nil),
		static("ca_file", cty.String, "The CA that signed the service's certificate, PEM, in place of the system's.", nil),
	}},
}
