package cli

// What other tools, and the design, have a word for and kmsplan does another way today. The names of commands in
// here are held against those there are by TestEveryCommandThatIsNamedExists.

// elsewhere are commands of Terraform, SOPS and age, and what to do here instead.
var elsewhere = map[string]string{
	"taint":   "a key is never replaced. kmsplan rotate ADDRESS gives it a new version; another key is another block",
	"untaint": "nothing is ever tainted, because a key is never replaced",

	"env":       "kmsplan workspace keeps several states of one module; kmsplan emulator env prints the exports for clients of a running emulator",
	"providers": "there are none: kmsplan speaks to KMS itself",
	"get":       "there is nothing to fetch: kmsplan init checks a module",
	"login":     "credentials are the chain of Alibaba Cloud's tools: the environment, OIDC, or a CLI profile. kmsplan doctor shows which were found",
	"logout":    "kmsplan keeps no credentials",
	"metadata":  "kmsplan show -json prints the state, and kmsplan kms -help lists every operation",
	"modules":   "a directory is a module; kmsplan validate checks it",
	"unlock":    "kmsplan force-unlock ID breaks a lock whose holder is gone",

	"key":   "declare a key block and apply; kmsplan kms DescribeKey shows one",
	"keys":  "kmsplan state list shows what this stack has, and kmsplan kms ListKeys what the region has",
	"alias": "declare an alias block and apply; kmsplan kms ListAliases lists them",
	"list":  "kmsplan state list shows what this stack has",

	"exec-env":   "kmsplan exec -env FILE -- COMMAND ARG … runs a command with the values of a file in its environment",
	"exec-file":  "kmsplan exec -file FILE -- COMMAND {} gives a command the plaintext as a file that vanishes",
	"updatekeys": "kmsplan rewrap moves envelopes to another key; a data \"encrypt\" block does it by kmsplan run",
	"filestatus": "kmsplan inspect shows an envelope, and kmsplan plan which files of this stack are stale",
	"groups":     "a context and a key bind an envelope: kmsplan encrypt -key KEY -context NAME=VALUE",
	"publish":    "kmsplan run writes the files that a stack's data blocks name",
	"keyservice": "the gateway blocks say which KMS is asked",
	"keygen":     "declare a key block and apply; kmsplan kms GenerateRandom gives random bytes",

	"state replace-provider": "objects belong to gateway blocks: kmsplan state replace-gateway OLD NEW tells the state that one has another name",
	"state force-unlock":     "kmsplan force-unlock ID breaks the lock of a process that is gone",
}

// flagsElsewhere are flags of Terraform, SOPS and age, and what to do here instead. A command before the flag narrows
// an entry to it.
var flagsElsewhere = map[string]string{
	"refresh":       "every plan reads the service: what is there decides what is done",
	"lock":          "the state is always locked while it is written; -lock-timeout=DURATION says how long to wait for another's lock",
	"replace":       elsewhere["taint"],
	"concise":       "-json prints every change as one line",
	"state":         `the backend block says where the state is: backend "local" { path = "…" }`,
	"state-out":     `the backend block says where the state is: backend "local" { path = "…" }`,
	"backup":        "the last ten generations of the state are kept beside it",
	"allow-missing": "say -target=ADDRESS only for what the module has",

	"init backend-config": `the backend block holds the whole backend: backend "local" { path = "…" }`,
	"init backend":        `the backend block holds the whole backend: backend "local" { path = "…" }`,
	"init reconfigure":    "nothing is remembered of an earlier backend; kmsplan state pull and kmsplan state push move a state",
	"init migrate-state":  "kmsplan state pull in the old place and kmsplan state push in the new one move a state",
	"init upgrade":        "there is nothing to fetch and nothing to upgrade",
	"init get":            "there is nothing to fetch",
	"init input":          "init asks nothing; leave the flag out",
	"init from-module":    "copy the files; a directory is a module",
	"force-unlock force":  "force-unlock asks nothing; leave the flag out",
	"validate no-tests":   "leave the flag out",

	"d": "kmsplan decrypt FILE.enc decrypts", "decrypt": "kmsplan decrypt FILE.enc decrypts",
	"e": "kmsplan encrypt -key KEY FILE encrypts", "encrypt": "kmsplan encrypt -key KEY FILE encrypts",
	"r": "kmsplan rewrap moves an envelope to another key; kmsplan encrypt -recipient age1… adds an age recipient", "rotate": "kmsplan rotate ADDRESS gives a key a new version, and kmsplan run then rewraps the files of this stack; kmsplan rewrap any others",
	"i":        "kmsplan decrypt -identity FILE opens an envelope with an age identity",
	"in-place": "-o FILE says where the output goes", "output-type": "a file is encrypted whole, whatever its format", "input-type": "a file is encrypted whole, whatever its format",
	"kms": "-key says under which KMS key", "age": "-recipient age1… adds an age recipient", "pgp": "-recipient age1… adds an age recipient for break-glass",
	"encryption-context": "-context NAME=VALUE binds the envelope to what it is for",
	"passphrase":         "an envelope's data key is wrapped by a KMS key: kmsplan encrypt -key KEY", "p": "an envelope's data key is wrapped by a KMS key: kmsplan encrypt -key KEY",
	"armor": "an envelope is a binary file; base64 makes text of it", "a": "an envelope is a binary file; base64 makes text of it",
	"recipients-file": "-recipient age1… may be given several times", "R": "-recipient age1… may be given several times",
	"set": "kmsplan set FILE PATH puts a value into a file",
}
