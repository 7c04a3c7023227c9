//go:build unix

package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/calllog"
	"kmsplan.dev/kmsplan/internal/emulator/control"
)

// everything of the quota is the plan's.
const everything = "\nkmsplan {\n  quota { share = 1 }\n}\n"

// throttledWorld is an estate that is as it should be, on an emulator that refuses what is above the documented rates.
func throttledWorld(b *testing.B, settings string) *world {
	b.Helper()
	w, data := emptyWorld(b), "-data="+b.TempDir()
	w.write("main.kms.hcl", append(estate(objects), settings...))
	stop := w.serve(data)
	w.run("apply", "-auto-approve")
	stop()
	w.serve(data, "-throttle=documented")
	w.env = append(w.env, "XDG_RUNTIME_DIR="+b.TempDir())
	return w
}

// BenchmarkPlanThrottled plans 1,000 keys and 1,000 aliases at the service's rates, with all of the quota and with the default
// share of it: in full, and from what lists tell.
func BenchmarkPlanThrottled(b *testing.B) {
	for name, settings := range map[string]string{"all": everything, "default": ""} {
		for _, reading := range []string{"full", "list"} {
			b.Run(reading+"/"+name, func(b *testing.B) {
				w := throttledWorld(b, settings)
				var s sum
				calls := 0
				for b.Loop() {
					w.clearCalls()
					s.add(w.run("plan", "-detailed-exitcode", "-refresh="+reading))
					calls = w.calls()
					time.Sleep(2 * time.Second) // the quota is at rest again
				}
				s.report(b, 0, "")
				b.ReportMetric(float64(calls), "calls/op")
			})
		}
	}
}

// BenchmarkPlansShareAQuota plans twice at once, with two credentials of one account: how many reads a second both were given
// of the 50 that there are, and how many were refused.
func BenchmarkPlansShareAQuota(b *testing.B) {
	w := throttledWorld(b, everything)
	second := w.beside(b)
	w.run("plan", "-refresh=list") // each has learned whose credentials it has
	second.run("plan", "-refresh=list")
	var answered, refused float64
	var wall time.Duration
	for b.Loop() {
		w.clearCalls()
		began := time.Now()
		other := make(chan cost, 1)
		go func() { other <- second.run("plan", "-detailed-exitcode") }()
		w.run("plan", "-detailed-exitcode")
		<-other
		wall += time.Since(began)
		calls, err := w.control.Calls(context.Background(), calllog.Filter{})
		w.must(err)
		for _, c := range calls {
			switch {
			case c.Operation == "ListSecrets": // of another quota
			case c.Status == 200:
				answered++
			default:
				refused++
			}
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(wall.Seconds()/float64(b.N), "wall-s/op")
	b.ReportMetric(answered/wall.Seconds(), "reads/s")
	b.ReportMetric(refused, "refused")
}

// beside is the same stack in another directory, with another user's credentials.
func (w *world) beside(b *testing.B) *world {
	b.Helper()
	other := &world{tb: b, dir: b.TempDir(), control: w.control, program: w.program, env: slices.Clone(w.env)}
	for _, name := range []string{"gateway.kms.hcl", "main.kms.hcl"} {
		other.write(name, w.read(name))
	}
	w.must(os.CopyFS(other.dir+"/kmsplan.state.json.d", os.DirFS(w.dir+"/kmsplan.state.json.d")))
	other.write("kmsplan.state.json", w.read("kmsplan.state.json"))
	user, err := w.control.AddUser(context.Background(), control.User{
		Name: "second", Policies: []string{`{"Version":"1","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}`},
	})
	w.must(err)
	var ready map[string]any
	d := json.NewDecoder(bytes.NewReader(w.read("ready.json")))
	d.UseNumber()
	w.must(d.Decode(&ready))
	ready["access_key_id"], ready["access_key_secret"] = user.AccessKeyID, fmt.Sprint(user.AccessKeySecret)
	text, err := json.Marshal(ready)
	w.must(err)
	other.write("ready.json", text)
	return other
}
