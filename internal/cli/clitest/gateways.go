package clitest

// Gateways are the gateways that a batch may be of, by what they have. In them PUBLIC and INSTANCE stand for endpoints, and ID for the
// instance's.
var Gateways = map[string]string{
	"public":                "gateway \"dev\" {\n  region = \"cn-hangzhou\"\n" + public + "}\n",
	"public and instance":   "gateway \"dev\" {\n  region = \"cn-hangzhou\"\n" + public + instance + "  }\n}\n",
	"public and client key": "gateway \"dev\" {\n  region = \"cn-hangzhou\"\n" + public + instance + clientKey + "  }\n}\n" + password,
	"emulator":              "gateway \"dev\" {\n  emulator {\n    ready_file = \"ready.json\"\n  }\n}\n",
}

const (
	public    = "  public {\n    endpoint = \"PUBLIC\"\n    ca_file = \"ca.pem\"\n  }\n"
	instance  = "  instance {\n    id = \"ID\"\n    endpoint = \"INSTANCE\"\n    ca_file = \"ca.pem\"\n"
	clientKey = "    client_key {\n      file = \"ck.json\"\n      password = var.password\n    }\n"
	password  = "variable \"password\" {\n  type = string\n  sensitive = true\n  ephemeral = true\n}\n"
)
