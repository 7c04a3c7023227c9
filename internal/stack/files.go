package stack

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/hashicorp/go-multierror"
	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// fileStatus holds the wanted data blocks against their files. What refers to the key version or commitment
// of a file that is current can be evaluated only once that is known, so it is evaluated again then.
func (s *Stack) fileStatus(ctx context.Context, wanted func(addr.Address) bool) ([]ops.Block, []plan.FileStatus, error) {
	current := map[addr.Address]bool{}
	for {
		all, err := s.dataBlocks(func(a addr.Address) bool { return current[a] || !wanted(a) })
		if err != nil {
			return nil, nil, err
		}
		var blocks, beside []ops.Block
		for _, b := range all {
			if wanted(b.Addr) {
				blocks = append(blocks, b)
			} else {
				beside = append(beside, b)
			}
		}
		status, err := s.statusOf(ctx, blocks, beside)
		if err != nil {
			return nil, nil, err
		}
		before, unknown, stale := len(current), false, plan.Stale(status)
		for _, b := range blocks {
			unknown = unknown || b.Unknown != ""
			if b.Unknown == "" && !stale[b.Addr] {
				current[b.Addr] = true
			}
		}
		if !unknown || len(current) == before {
			return blocks, status, nil
		}
	}
}

func anyBlock(a addr.Address) bool { return a.Kind != kind.BatchKind }

// statusOf holds some data blocks against their files; beside are the others.
func (s *Stack) statusOf(ctx context.Context, blocks, beside []ops.Block) ([]plan.FileStatus, error) {
	if len(blocks) == 0 {
		return nil, nil
	}
	root, err := os.OpenRoot(s.Config.Dir)
	if err != nil {
		return nil, fmt.Errorf("open the module directory: %w", err)
	}
	defer root.Close()
	return ops.Survey(blocks, ops.Standing{
		Root: root, Census: plan.MovedFiles(s.Config, s.State.Files), Facts: s.facts(ctx), Fingerprints: s.fingerprints(), Owned: s.Config.Owned().Reaches, Beside: beside,
	}), nil
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// dataBlocks evaluates every data block with what is known now: of those that are current, what the census
// has of their files too.
func (s *Stack) dataBlocks(current func(addr.Address) bool) ([]ops.Block, error) {
	objects, census := plan.Remember(s.Config, s.State, s.live), plan.CensusOf(plan.MovedFiles(s.Config, s.State.Files))
	var out []ops.Block
	var diags hclv2.Diagnostics
	for _, b := range s.Config.Blocks {
		if !b.Kind.File() {
			continue
		}
		for _, a := range b.Instances {
			body, more := s.Config.Body(a, objects)
			diags = append(diags, more...)
			if more.HasErrors() {
				continue
			}
			if b.Referred {
				var file *state.File
				if current(a) {
					file = census.File(a, body)
				}
				objects.Set(a, plan.DataValue(b.Kind, body, file))
			}
			block, err := ops.NewBlock(a, b.GatewayName(), body)
			if err != nil {
				diags = append(diags, &hclv2.Diagnostic{Severity: hclv2.DiagError, Summary: "Invalid data block", Detail: upperFirst(err.Error()) + ".", Subject: b.Range.Ptr()})
				continue
			}
			out = append(out, block)
		}
	}
	if diags.HasErrors() {
		return nil, s.invalid(diags)
	}
	return out, nil
}

// runFiles runs the stale files of one data block and returns what it wrote.
func (s *Stack) runFiles(ctx context.Context, task apply.FileTask) ([]state.File, error) {
	block, err := ops.NewBlock(task.Changes[0].Addr, task.Block.GatewayName(), task.Body)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(s.Config.Dir)
	if err != nil {
		return nil, fmt.Errorf("open the module directory: %w", err)
	}
	defer root.Close()
	outcomes := make([]*fileOutcome, len(task.Changes))
	for i, c := range task.Changes {
		outcomes[i] = &fileOutcome{change: c}
	}
	errs := ops.Each(ctx, outcomes, func(ctx context.Context, o *fileOutcome) error { return s.runFile(ctx, root, block, o) })
	var written []state.File
	for _, o := range outcomes {
		if o.done {
			written = append(written, o.entry)
		}
	}
	var failed *multierror.Error
	return written, multierror.Append(failed, errs...).ErrorOrNil()
}

// fileOutcome is what became of one file of a block.
type fileOutcome struct {
	change plan.FileChange
	entry  state.File
	done   bool
}

// working says what a kind of block does while it does it.
var working = map[string]string{"encrypt": "encrypting", "decrypt": "decrypting", "rewrap": "rewrapping"}

func (s *Stack) runFile(ctx context.Context, root *os.Root, b ops.Block, o *fileOutcome) error {
	progress, end := s.options.File(working[b.Addr.Kind], o.change.Path)
	if end != nil {
		defer end()
	}
	entry, anew, err := s.engine.Run(ctx, root, b, o.change, progress)
	o.entry, o.done = entry, err == nil
	if anew != "" && err == nil {
		s.options.Note(fmt.Sprintf("%s was written, all of it anew: %s", entry.Path, anew))
	}
	return err
}

// text is a known string's content, or "".
func text(v cty.Value) string {
	if v == cty.NilVal || v.IsNull() || !v.IsKnown() || v.Type() != cty.String {
		return ""
	}
	return v.AsString()
}
