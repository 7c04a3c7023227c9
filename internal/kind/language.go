package kind

import (
	"strings"
	"time"

	"github.com/zclconf/go-cty/cty"
)

// The blocks of the language that stand for no object. An argument that is Static is written out, because it is
// needed before variables have values.

// Language returns the tables of those blocks, in the order of the reference. Read only.
func Language() []*Block { return language[:] }

var language = [...]*Block{&Settings, &Gateway, &Variable, &Output, &Module, &Lifecycle, &Check, &Removed, &Moved, &Import}

// needed makes an argument a required one.
func needed(a Attribute) Attribute {
	a.Mode = Required
	return a
}

// checkShare wants a part of a whole.
func checkShare(v cty.Value) error {
	if share, _ := v.AsBigFloat().Float64(); share <= 0 || share > 1 {
		return sentence("A share is above 0 and at most 1: 0.6 takes six tenths of each quota and leaves the rest to others.")
	}
	return nil
}

// checkMoment wants a point in time that means the same everywhere.
func checkMoment(v cty.Value) error {
	if _, err := time.Parse(time.RFC3339, v.AsString()); err != nil {
		return sentence(`A point in time is written with its zone, as RFC 3339 has it: "2026-12-20T00:00:00+08:00".`)
	}
	return nil
}

// checkFilePatterns wants patterns that can match.
func checkFilePatterns(v cty.Value) error {
	for _, e := range v.AsValueSlice() {
		if e.IsNull() || !ValidGlob(strings.TrimPrefix(e.AsString(), "/")) || strings.HasPrefix(e.AsString(), "..") {
			return sentence(`A pattern is a path from the module's directory, or with a slash before it from the top of the repository, with *, **, ? and {a,b}: "secrets/**", "/deploy/*.yaml".`)
		}
	}
	return nil
}

func static(name string, t cty.Type, doc string, check func(cty.Value) error) Attribute {
	return Attribute{Name: name, Type: t, Static: true, Doc: doc, Check: check}
}

// Settings is the kmsplan block.
var Settings = Block{
	Name: "kmsplan", Doc: "At most one block. Its arguments are written out: they are needed before variables have values.",
	Attributes: []Attribute{static("required_version", cty.String, "Which versions of kmsplan may run this module: `>= 0.1`, `~> 0.2`.", nil)},
	Blocks: []Block{
		{
			Name: "backend", Labels: []string{"type"}, Doc: "Where state is kept: `local`, `http`, `pg`, `s3` or `oss`, each with the arguments below.",
		},
		limits,
		{
			Name: "files", Doc: "Which files of the repository are encrypted when they are committed: `kmsplan check-staged` holds git's index against it. Patterns are as in `source` of `rewrap`, from the module's directory; one that begins with `/` is from the top of the repository.",
			Attributes: []Attribute{
				static("encrypted", cty.List(cty.String), "Files that are envelopes, or documents whose values are sealed: `secrets/**`.", checkFilePatterns),
				static("values", cty.List(cty.String), "Files that are documents whose values are sealed: `config/*.yaml`.", checkFilePatterns),
				static("except", cty.List(cty.String), "Files that are neither all the same: `secrets/README.md`.", checkFilePatterns),
			},
		},
		{
			Name: "freeze", Repeats: true, Doc: "A time in which plans that change managed objects are refused. Rescues are carried out, and files are not held up.",
			Attributes: []Attribute{
				needed(static("from", cty.String, "Its beginning, RFC 3339 with a zone: `2026-12-20T00:00:00+08:00`.", checkMoment)),
				needed(static("until", cty.String, "Its end, which is no part of it.", checkMoment)),
				static("except", cty.List(cty.String), "Addresses that may change all the same: `secret.db`, `alias.orders[\"eu\"]`, `secret.*`.", nil),
				static("reason", cty.String, "What it is for, for whom it stops.", nil),
			},
		},
		{
			Name: "quota", Doc: "How much of the account's quotas of calls this stack takes. They are the account's in a region, its applications included.",
			Attributes: []Attribute{
				static("share", cty.Number, "The part of each quota that a run takes: above 0, up to 1. Default 0.6.", checkShare),
			},
		},
		{
			Name: "encryption", Doc: "The key under which kmsplan keeps a remote state and its journal, and what it needs to recognise a secret value or a source again.",
			Attributes: []Attribute{
				{Name: "key", Type: cty.String, Doc: "The key: its id, an alias name or an ARN, written out or taken from a variable. Needed unless `enabled = false`. Never a key or alias of this stack, which could not be read before it exists.", Check: checkKeyReference},
				{Name: "gateway", Type: cty.DynamicPseudoType, Doc: "The gateway that the key is used through. Default: the first."},
				{Name: "context", Type: cty.Map(cty.String), Doc: "The encryption context of what is wrapped; kmsplan adds its own to it.", Check: checkContext},
				{Name: "recipients", Type: cty.List(cty.String), Doc: "age recipients (`age1…`), for break-glass.", Check: checkRecipients},
				static("plan", cty.Bool, "`true` encrypts every plan that `plan -out` saves, as `-encrypt` does for one. Default `false`: a saved plan holds no secret, and a job that only judges plans needs no right to decrypt.", nil),
				static("enabled", cty.Bool, "`false` says in words that nothing is encrypted, a remote state included. Default `true`.", nil),
			},
		},
	},
}

// Gateway is an account in a region.
var Gateway = Block{
	Name: "gateway", Labels: []string{"name"}, Doc: "`public` is management, `instance` key operations; a gateway has one of them or both. `emulator` stands for both.",
	Attributes: []Attribute{{Name: "region", Type: cty.String, Doc: "The region id. Required, except for an emulator.", Check: checkText(CheckRegion)}},
	Blocks: []Block{
		{Name: "public", Doc: "Management: `kms.REGION.aliyuncs.com`, with RAM credentials from the usual chain.", Attributes: []Attribute{
			{Name: "endpoint", Type: cty.String, Doc: "Another address, for private access.", Check: checkText(CheckEndpoint)},
			{Name: "ca_file", Type: cty.String, Doc: "A CA file in PEM for `endpoint`."},
			{Name: "ca", Type: cty.String, Doc: "The CA itself, PEM text, instead of `ca_file`."},
			connectionTimeout, connectionProxy, ignoreSSL, insecure,
			{Name: "profile", Type: cty.String, Doc: "A profile of the Alibaba Cloud CLI, instead of the credential chain."},
		}},
		{
			Name: "instance", Doc: "Key operations: the KMS instance's own gateway.", Attributes: []Attribute{
				{Name: "id", Type: cty.String, Mode: Required, Doc: "The instance id, `kst-…`.", Check: checkInstance},
				{Name: "endpoint", Type: cty.String, Doc: "Another address than `ID.cryptoservice.kms.aliyuncs.com`.", Check: checkText(CheckEndpoint)},
				{Name: "ca_file", Type: cty.String, Doc: "The instance's CA certificate."},
				{Name: "ca", Type: cty.String, Doc: "The certificate itself, PEM text, instead of `ca_file`: what a variable holds, or `ca_chain` of an instance as another stack's output."},
				connectionTimeout, connectionProxy, ignoreSSL, insecure,
			},
			Blocks: []Block{{Name: "client_key", Doc: "A client key. Without it, RAM credentials are used on the instance's gateway.", Attributes: []Attribute{
				{Name: "file", Type: cty.String, Mode: Required, Doc: "The client key's file."},
				{Name: "password", Type: cty.String, Mode: Required, WriteOnly: true, Doc: "Its password, from a sensitive variable."},
			}}},
		},
		{Name: "emulator", Doc: "The emulator that is part of kmsplan.", Attributes: []Attribute{
			{Name: "path", Type: cty.String, Doc: "Where the emulator keeps its data. Default `.kmsplan/emulator`."},
			{Name: "ready_file", Type: cty.String, Doc: "The ready file of a running `kmsplan emulator serve`, instead of an emulator of its own."},
			{Name: "seed", Type: cty.String, Doc: "A seed file for a new emulator."},
		}},
	},
}

// Variable is an input.
var Variable = Block{
	Name: "variable", Labels: []string{"name"}, Doc: "A value that is given from outside.",
	Attributes: []Attribute{
		{Name: "type", Type: cty.DynamicPseudoType, Doc: "`string`, `number`, `bool`, `any`, `list(…)`, `set(…)`, `map(…)`, `tuple([…])`, `object({…})` with `optional(type, default)`."},
		{Name: "default", Type: cty.DynamicPseudoType, Doc: "The value when none is given. Without it the variable is required."},
		static("description", cty.String, "What it is for.", nil),
		static("nullable", cty.Bool, "Whether `null` is a value. Default true; with false, null means the default.", nil),
		static("sensitive", cty.Bool, "The value is never shown, and reaches write-only arguments only.", nil),
		static("ephemeral", cty.Bool, "As `sensitive`, and it exists only while kmsplan runs: it is given again at `apply`.", nil),
	},
	Blocks: []Block{{Name: "validation", Repeats: true, Doc: "A condition the value must fulfil, and what to say when it does not.", Attributes: []Attribute{
		{Name: "condition", Type: cty.Bool, Mode: Required, Doc: "True for a good value; it refers to the variable."},
		{Name: "error_message", Type: cty.String, Mode: Required, Doc: "What to say."},
	}}},
}

// Output is a result.
var Output = Block{
	Name: "output", Labels: []string{"name"}, Doc: "An output of a sensitive value needs `sensitive = true`; it is then neither stored nor printed. An ephemeral value cannot be an output of the root module.",
	Attributes: []Attribute{
		{Name: "value", Type: cty.DynamicPseudoType, Mode: Required, Doc: "The value."},
		static("description", cty.String, "What it is for.", nil),
		static("sensitive", cty.Bool, "The value is neither stored nor printed.", nil),
		static("ephemeral", cty.Bool, "Of a module that is called: the value exists only while kmsplan runs, and its caller hands it on to write-only arguments.", nil),
		{Name: "depends_on", Type: cty.DynamicPseudoType, Doc: "Blocks that come first although the value does not refer to them."},
	},
	Blocks: []Block{conditions("precondition", "What must hold of the value. Where it does not, the output stays as it was, and what uses it stays as it is.")},
}

// Module calls a module: it puts the blocks of another directory into this configuration.
var Module = Block{
	Name: "module", Labels: []string{"name"}, Doc: "The blocks of another directory, as a part of this configuration. Every further argument is the value of one of that module's variables.",
	Attributes: []Attribute{
		{Name: "source", Type: cty.String, Mode: Required, Static: true, Doc: "The module's directory, relative to the one that the block stands in: `./modules/keys`, `../shared`. Nothing is downloaded."},
		{Name: "for_each", Type: cty.DynamicPseudoType, Doc: "One instance of the module for each element, as for other blocks: `module.NAME[\"eu\"]`."},
		{Name: "count", Type: cty.Number, Doc: "So many instances: `module.NAME[0]`."},
		{Name: "depends_on", Type: cty.DynamicPseudoType, Doc: "Blocks and modules that come before everything in this one."},
		{Name: "gateways", Type: cty.DynamicPseudoType, Doc: "Which gateways the module has, by the names that it has for them: `{ main = gateway.hangzhou }`. The first is its default. Without it the module has those of its caller."},
		{Name: "version", Refused: "A module comes from a directory, which has no version but the one that the repository keeps. Remove the argument."},
		{Name: "providers", Refused: "kmsplan has no providers. Pass gateways: gateways = { NAME = gateway.NAME }; without that argument the module has those of its caller."},
		{Name: "lifecycle", Refused: "A module has no lifecycle. Write it in the module's own blocks."},
	},
}

// Lifecycle stands in managed and data blocks. Terraform's arguments are in it, for their answers.
var Lifecycle = Block{
	Name: "lifecycle", Doc: "How an object may change.",
	Attributes: []Attribute{
		static("prevent_destroy", cty.Bool, "Whether a plan that would take the object away is refused. Default true for keys and secrets. It is recorded in state, so deleting the block does not delete the guard.", nil),
		{Name: "ignore_changes", Type: cty.DynamicPseudoType, Doc: "Attributes whose later changes are ignored, single elements of a map such as `tags[\"team\"]`, or `all`. They are used when the object is created."},
		static("on_immutable_change", cty.String, "What a change of an immutable attribute does: `\"error\"`, the default, refuses the plan. `\"succeed\"`, for keys, creates a new key in the old one's place: aliases and references move to it, and the old key stays usable for what it encrypted, as a predecessor.", checkOnImmutableChange),
		static("on_foreign_version", cty.String, "For secrets: what becomes of a current version that others wrote. `\"keep\"` leaves it, `\"overwrite\"` stores the configured value over it. Left out, a plan that would overwrite one is refused.", checkOnForeignVersion),
		{Name: "create_before_destroy", Refused: neverReplaced}, {Name: "replace_triggered_by", Refused: neverReplaced},
		{Name: "destroy", Refused: `To drop an object from management, write a removed block with from = its address and action = "forget".`},
	},
	Blocks: []Block{
		conditions("precondition", "What must hold before anything is done with the object. Where it does not, the object and what depends on it stay as they are."),
		conditions("postcondition", "What must hold of the object afterwards; the condition knows it as `self`. Where it does not, what depends on it stays as it is. Nothing is rolled back."),
	},
}

const (
	neverReplaced = "kmsplan never replaces an object, so this has no meaning here. Remove it."
)

// conditions is a block that says what must hold.
func conditions(name, doc string) Block {
	return Block{Name: name, Repeats: true, Doc: doc, Attributes: []Attribute{
		{Name: "condition", Type: cty.Bool, Mode: Required, Doc: "True where all is well."},
		{Name: "error_message", Type: cty.String, Mode: Required, Doc: "What to say where it is not. One that holds a sensitive value is not shown."},
	}}
}

// Check says what should hold of the whole.
var Check = Block{
	Name: "check", Labels: []string{"name"}, Doc: "What should hold of the whole. Where it does not, plan and apply warn, and hold up nothing.",
	Attributes: []Attribute{
		{Name: "depends_on", Refused: "A check is looked at when everything else is done, so it waits for nothing. Remove the argument."},
	},
	Blocks: []Block{
		conditions("assert", "One assertion."),
		{Name: "data", Labels: []string{"type", "name"}, Repeats: true, Doc: "A lookup that only the assertions beside it refer to. Where it fails, the check warns; it is read again at the end of apply."},
	},
}

func checkOnForeignVersion(v cty.Value) error {
	if choice := v.AsString(); choice != "keep" && choice != "overwrite" {
		return sentence(`on_foreign_version is "keep", which leaves a version that others wrote, or "overwrite". Left out, a plan that would overwrite one is refused.`)
	}
	return nil
}

func checkOnImmutableChange(v cty.Value) error {
	if choice := v.AsString(); choice != "error" && choice != "succeed" {
		return sentence(`on_immutable_change is "error", which refuses the change, or "succeed", which creates a successor and keeps the old key for what it encrypted.`)
	}
	return nil
}

// Removed says what becomes of an object whose block is gone.
var Removed = Block{
	Name: "removed", Doc: "What becomes of an object whose block is gone.",
	Attributes: []Attribute{
		{Name: "from", Type: cty.DynamicPseudoType, Mode: Required, Doc: "The address of the block or instance; or of predecessors, `predecessor.NAME[\"KEY-ID\"]` or all of one block, `predecessor.NAME`."},
		static("action", cty.String, "What to do. Required.", nil),
		{Name: "for_each", Type: cty.DynamicPseudoType, Doc: "A map, or a set of texts, of variables and locals: one removal for each, of `from = key.NAME[each.key]`. In a module that is called, of each of its instances."},
		static("soak_days", cty.Number, "For `retire`: the days between disabling a key and scheduling its deletion.", nil),
		static("window_days", cty.Number, "For a key's `retire` and a secret's `delete`: how long the deletion can be taken back.", nil),
	},
	Blocks: []Block{{Name: "lifecycle", Refused: `A removed block says what to do in one argument: action = "forget" leaves the object alone.`}},
}

// Moved renames an object, or what objects are in or on, without touching it.
var Moved = Block{
	Name: "moved", Doc: "Renames an object, a data block, a module or a gateway, without touching it.",
	Attributes: []Attribute{
		{Name: "from", Type: cty.DynamicPseudoType, Mode: Required, Doc: "The old address; of a gateway, `gateway.OLD`."},
		{Name: "to", Type: cty.DynamicPseudoType, Mode: Required, Doc: "The new one. A gateway that leads to another place than the objects are in is refused."},
	},
}

// Import binds a live object to a block.
var Import = Block{
	Name: "import", Doc: "Binds a live object to a block, at the next apply.",
	Attributes: []Attribute{
		{Name: "to", Type: cty.DynamicPseudoType, Mode: Required, Doc: "The address of the block or instance."},
		{Name: "id", Type: cty.String, Mode: Required, Doc: "A key id, an alias name, or the name of a secret, a network rule, an access policy or an access point."},
		{Name: "for_each", Type: cty.DynamicPseudoType, Doc: "A map, or a set of texts, of variables and locals: one import for each, with `to = key.NAME[each.key]` and `id = each.value`."},
		{Name: "take_over", Type: cty.String, Doc: "The lineage of the stack that owns the object now, as the refusal tells it."},
	},
}
