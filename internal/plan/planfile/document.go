package planfile

import (
	"time"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// document is a File as JSON. Addresses are strings, values carry their type.
type document struct {
	Writer  string    `json:"writer"`
	Created time.Time `json:"created"`
	Lineage string    `json:"lineage"`
	Serial  uint64    `json:"serial"`
	// Workspace is left out where it is the default one: plans were saved before there were others.
	Workspace string    `json:"workspace,omitempty"`
	Refresh   string    `json:"refresh,omitempty"` // how much of the service was read; "" = everything
	Made      made      `json:"made_from"`
	Changes   []change  `json:"changes"`
	Lookups   []lookup  `json:"lookups,omitempty"`
	Refusals  []refusal `json:"refusals,omitempty"`
	Drift     []drift   `json:"drift,omitempty"`
	Dying     []dying   `json:"dying,omitempty"`
	Radius    []radius  `json:"radius,omitempty"`
	Files     []file    `json:"files,omitempty"`
	Outputs   []output  `json:"outputs,omitempty"`
	Moved     []moved   `json:"moved_gateways,omitempty"`
	Batches   []waiting `json:"batches,omitempty"`
	Warnings  []warning `json:"warnings,omitempty"`
	Checks    []checked `json:"checks,omitempty"`

	Configuration *hcl.Described `json:"configuration,omitempty"`
}

type made struct {
	Targets       []string           `json:"targets,omitempty"`
	Excludes      []string           `json:"excludes,omitempty"`
	Destroy       bool               `json:"destroy,omitempty"`
	Variables     []variable         `json:"variables,omitempty"`
	Gateways      []Gateway          `json:"gateways"`
	Configuration state.Fingerprint  `json:"configuration"`
	Secrets       *state.Fingerprint `json:"secrets,omitempty"`
	Sources       *state.Fingerprint `json:"sources,omitempty"`
}

type variable struct {
	Name  string `json:"name"`
	Value value  `json:"value"`
	Flag  bool   `json:"flag,omitempty"`
}

type change struct {
	Addr      string         `json:"address"`
	Kind      string         `json:"kind"`
	Gateway   string         `json:"gateway"`
	Action    string         `json:"action"`
	ID        string         `json:"id,omitempty"`
	Reason    string         `json:"reason,omitempty"`
	Diff      []diff         `json:"diff,omitempty"`
	Calls     []string       `json:"calls,omitempty"`
	Protected bool           `json:"protected,omitempty"`
	PreImage  *plan.PreImage `json:"pre_image,omitempty"`
	MovedFrom string         `json:"moved_from,omitempty"`
	TakenFrom string         `json:"taken_from,omitempty"`
	Succeeds  []string       `json:"succeeds,omitempty"`
	NeededBy  []string       `json:"needed_by,omitempty"`
	DependsOn []string       `json:"depends_on,omitempty"`
	whole
}

type diff struct {
	Name      string `json:"name"`
	Before    value  `json:"before"`
	After     value  `json:"after"`
	WriteOnly bool   `json:"write_only,omitempty"`
}

type refusal struct {
	Guard       string   `json:"guard"`
	Addr        string   `json:"address,omitempty"`
	Reason      string   `json:"reason"`
	WaysForward []string `json:"ways_forward"`
}

type drift struct {
	Addr string   `json:"address"`
	Kind string   `json:"kind"`
	ID   string   `json:"id"`
	Gone bool     `json:"gone,omitempty"`
	Diff []diff   `json:"diff,omitempty"`
	Kept []string `json:"kept,omitempty"`
}

type dying struct {
	Gateway  string    `json:"gateway"`
	ID       string    `json:"id"`
	Addr     string    `json:"address,omitempty"`
	DeleteAt time.Time `json:"delete_at"`
}

type moved struct {
	From    string `json:"from"`
	To      string `json:"to"`
	Objects int    `json:"objects"`
}

type waiting struct {
	Addr      string `json:"address"`
	Action    string `json:"action"`
	Source    string `json:"source"`
	Waits     string `json:"waits,omitempty"`
	MovedFrom string `json:"moved_from,omitempty"`
	Starts    bool   `json:"starts,omitempty"`
	Forgets   string `json:"forgets,omitempty"`
}

type radius struct {
	Addr    string `json:"address"`
	Secrets int    `json:"secrets,omitempty"`
	Files   int    `json:"files,omitempty"`
	Aliases int    `json:"aliases,omitempty"`
}

type file struct {
	Addr    string         `json:"address"`
	Action  string         `json:"action"`
	Path    state.PathText `json:"path"`
	Source  state.PathText `json:"source,omitempty"`
	Reason  string         `json:"reason,omitempty"`
	Problem string         `json:"problem,omitempty"`

	MovedFrom string `json:"moved_from,omitempty"`
	Gateway   string `json:"gateway,omitempty"`
}

type output struct {
	Name   string `json:"name"`
	Before value  `json:"before"`
	After  value  `json:"after"`
	Steady bool   `json:"steady,omitempty"` // nothing is to do about it
}

type checked struct {
	Addr     string    `json:"address"`
	Status   string    `json:"status"`
	Problems []problem `json:"problems,omitempty"`
}

type problem struct {
	Condition string      `json:"condition"`
	Message   string      `json:"message"`
	Range     hclv2.Range `json:"range"`
}

type warning struct {
	Addr    string `json:"address,omitempty"`
	Summary string `json:"summary"`
	Detail  string `json:"detail"`
	Stands  bool   `json:"stands,omitempty"`
}
