package shards_test

import (
	"bufio"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"kmsplan.dev/kmsplan/internal/batch/queue/shards"
)

func example(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../../../examples/batch-shards", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// container is what both Kubernetes and Argo say of one.
type container struct {
	Image   string   `yaml:"image"`
	Command []string `yaml:"command"`
	Args    []string `yaml:"args"`
	Name    string   `yaml:"name"`
	Env     []struct {
		Name      string `yaml:"name"`
		Value     string `yaml:"value"`
		ValueFrom struct {
			SecretKeyRef struct{ Name, Key string } `yaml:"secretKeyRef"`
		} `yaml:"valueFrom"`
	} `yaml:"env"`
	SecurityContext struct {
		AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
		ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
	} `yaml:"securityContext"`
}

// check holds a container to the worker's command line, in which index stands for the shard's, and to secrets by reference.
func (c container) check(t *testing.T, index string) {
	t.Helper()
	if !slices.Equal(c.Command, []string{"kmsplan"}) {
		t.Errorf("the command is %q", c.Command)
	}
	line, once := strings.ReplaceAll(strings.Join(c.Args, " "), index, "3"), " -once"
	if !strings.Contains(line, once) {
		t.Error("the worker never ends by itself, and what waits for its end waits for ever")
	}
	commandLine(t, strings.Replace(line, once, "", 1))
	for _, e := range c.Env {
		if e.Value != "" || e.ValueFrom.SecretKeyRef.Name == "" || e.ValueFrom.SecretKeyRef.Key == "" {
			t.Errorf("%s is no reference to a secret: %+v", e.Name, e)
		}
	}
	if p := c.SecurityContext.AllowPrivilegeEscalation; p == nil || *p || !c.SecurityContext.ReadOnlyRootFilesystem || len(c.Env) == 0 {
		t.Errorf("the container is %+v", c)
	}
}

// commandLine holds a worker's words, without the program, to what the ledger and the shard are read from.
func commandLine(t *testing.T, line string) {
	t.Helper()
	m := regexp.MustCompile(`^-chdir=/\S+ worker -shard (\S+) -ledger (\S+)$`).FindStringSubmatch(line)
	if m == nil {
		t.Fatalf("the command line is %q", line)
	}
	s, err := shards.ParseShard(m[1])
	if err != nil || s != (shards.Shard{Index: 3, Of: 10}) {
		t.Errorf("the shard is %v: %v", s, err)
	}
	if _, err := shards.Open(m[2], s, quick); err != nil {
		t.Error(err)
	}
}

func TestTheIndexedJobHasItsForm(t *testing.T) {
	var job struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string `yaml:"kind"`
		Spec       struct {
			CompletionMode       string `yaml:"completionMode"`
			Completions          int    `yaml:"completions"`
			Parallelism          int    `yaml:"parallelism"`
			BackoffLimitPerIndex int    `yaml:"backoffLimitPerIndex"`
			PodReplacementPolicy string `yaml:"podReplacementPolicy"`
			PodFailurePolicy     struct {
				Rules []struct {
					Action      string `yaml:"action"`
					OnExitCodes struct {
						ContainerName string `yaml:"containerName"`
						Operator      string `yaml:"operator"`
						Values        []int  `yaml:"values"`
					} `yaml:"onExitCodes"`
				} `yaml:"rules"`
			} `yaml:"podFailurePolicy"`
			Template struct {
				Spec struct {
					RestartPolicy string      `yaml:"restartPolicy"`
					Grace         int         `yaml:"terminationGracePeriodSeconds"`
					Containers    []container `yaml:"containers"`
				} `yaml:"spec"`
			} `yaml:"template"`
		} `yaml:"spec"`
	}
	if err := yaml.Unmarshal(example(t, "kubernetes.yaml"), &job); err != nil {
		t.Fatal(err)
	}
	s, pod := job.Spec, job.Spec.Template.Spec
	if job.APIVersion != "batch/v1" || job.Kind != "Job" || s.CompletionMode != "Indexed" || s.Completions != 10 || s.Parallelism != 10 || s.BackoffLimitPerIndex < 1 {
		t.Errorf("the job is %+v", job)
	}
	// backoffLimitPerIndex is for pods that are never restarted in place.
	if pod.RestartPolicy != "Never" || s.PodReplacementPolicy != "Failed" || pod.Grace < 60 || len(pod.Containers) != 1 {
		t.Fatalf("the pod is %+v", pod)
	}
	pod.Containers[0].check(t, "$(JOB_COMPLETION_INDEX)")
	// A paused batch (exit code 2) uses up no retries.
	if rules := s.PodFailurePolicy.Rules; len(rules) != 1 || rules[0].Action != "Ignore" || rules[0].OnExitCodes.Operator != "In" ||
		!slices.Equal(rules[0].OnExitCodes.Values, []int{2}) || rules[0].OnExitCodes.ContainerName != pod.Containers[0].Name {
		t.Errorf("the job's policy of failures is %+v", rules)
	}
}

func TestTheWorkflowHasItsForm(t *testing.T) {
	var flow struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string `yaml:"kind"`
		Spec       struct {
			Entrypoint  string `yaml:"entrypoint"`
			Parallelism int    `yaml:"parallelism"`
			Templates   []struct {
				Name  string `yaml:"name"`
				Steps [][]struct {
					Template     string                   `yaml:"template"`
					WithSequence struct{ Count string }   `yaml:"withSequence"`
					Arguments    struct{ Parameters any } `yaml:"arguments"`
				} `yaml:"steps"`
				RetryStrategy struct{ Limit, RetryPolicy string } `yaml:"retryStrategy"`
				Container     container                           `yaml:"container"`
			} `yaml:"templates"`
		} `yaml:"spec"`
	}
	if err := yaml.Unmarshal(example(t, "argo.yaml"), &flow); err != nil {
		t.Fatal(err)
	}
	s := flow.Spec
	if flow.APIVersion != "argoproj.io/v1alpha1" || flow.Kind != "Workflow" || s.Parallelism != 10 || len(s.Templates) != 2 || s.Templates[0].Name != s.Entrypoint {
		t.Fatalf("the workflow is %+v", flow)
	}
	step := s.Templates[0].Steps[0][0]
	if step.Template != s.Templates[1].Name || step.WithSequence.Count != "10" || s.Templates[1].RetryStrategy.Limit == "" {
		t.Errorf("the steps are %+v", s.Templates)
	}
	s.Templates[1].Container.check(t, "{{inputs.parameters.index}}")
}

func TestTheUnitHasItsForm(t *testing.T) {
	unit, section := map[string][]string{}, ""
	for lines := bufio.NewScanner(strings.NewReader(string(example(t, "kmsplan-worker@.service")))); lines.Scan(); {
		line := lines.Text()
		name, value, assigns := strings.Cut(line, "=")
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[' && strings.HasSuffix(line, "]"):
			section = line
		case assigns && section != "":
			unit[section+name] = append(unit[section+name], value)
		default:
			t.Errorf("%q is no line of a unit", line)
		}
	}
	vars := map[string]string{}
	for _, v := range unit["[Service]Environment"] {
		name, value, _ := strings.Cut(v, "=")
		vars[name] = value
		if strings.Contains(name, "KEY") || strings.Contains(name, "SECRET") {
			t.Errorf("%s stands in the unit", name)
		}
	}
	for key, want := range map[string]string{"Restart": "on-failure", "KillSignal": "SIGTERM", "TimeoutStopSec": "120s", "EnvironmentFile": "/etc/kmsplan/worker.env", "NoNewPrivileges": "yes"} {
		if !slices.Equal(unit["[Service]"+key], []string{want}) {
			t.Errorf("%s is %q", key, unit["[Service]"+key])
		}
	}
	if len(unit["[Service]ExecStart"]) != 1 || len(unit["[Install]WantedBy"]) != 1 {
		t.Fatalf("the unit is %v", unit)
	}
	line, ok := strings.CutPrefix(os.Expand(unit["[Service]ExecStart"][0], func(name string) string { return vars[name] }), "/usr/bin/kmsplan ")
	if !ok {
		t.Errorf("ExecStart is %q", unit["[Service]ExecStart"])
	}
	commandLine(t, strings.ReplaceAll(line, "%i", "3"))
}
