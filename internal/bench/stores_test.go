//go:build unix

package bench

import (
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// aStore puts a world's state somewhere: a backend block, and what the environment has to say of it. It is so far away.
type aStore func(w *world, away time.Duration) (block string)

func stores() map[string]aStore { return map[string]aStore{"local": onDisk, "pg": onPG, "s3": onS3} }

func onDisk(*world, time.Duration) string { return "" }

func onPG(w *world, away time.Duration) string {
	at, err := url.Parse(needs(w.tb, "KMSPLAN_TEST_PG"))
	w.must(err)
	at.Host = distant(w.tb, at.Host, away)
	w.env = append(w.env, "KMSPLAN_PG_CONN_STR="+at.String())
	return fmt.Sprintf("backend \"pg\" {\n  schema_name = \"kmsplan_bench\"\n  name = %q\n}", uuid.NewString())
}

func onS3(w *world, away time.Duration) string {
	at, err := url.Parse(needs(w.tb, "KMSPLAN_TEST_S3"))
	w.must(err)
	access, secret := os.Getenv("KMSPLAN_TEST_S3_ACCESS"), os.Getenv("KMSPLAN_TEST_S3_SECRET")
	c, err := minio.New(at.Host, &minio.Options{Creds: credentials.NewStaticV4(access, secret, ""), Region: "us-east-1"})
	w.must(err)
	bucket := "b-" + uuid.NewString()
	w.must(c.MakeBucket(w.tb.Context(), bucket, minio.MakeBucketOptions{}))
	at.Host = distant(w.tb, at.Host, away)
	w.env = append(w.env, "AWS_ACCESS_KEY_ID="+access, "AWS_SECRET_ACCESS_KEY="+secret)
	return fmt.Sprintf("backend \"s3\" {\n  bucket = %q\n  key = \"prod/kms\"\n  endpoint = %q\n  path_style = true\n}", bucket, at)
}

func needs(tb testing.TB, variable string) string {
	tb.Helper()
	value := os.Getenv(variable)
	if value == "" {
		tb.Skipf("no server: %s is not set; .ci/servers starts one", variable)
	}
	return value
}

// over is a world with an estate whose state lies in a store; on a server it is sealed under a key of its own.
func over(tb testing.TB, store aStore, away time.Duration, n int, flags ...string) *world {
	tb.Helper()
	w := newWorld(tb, "memory", flags...)
	if block := store(w, away); block != "" {
		w.run("kms", "CreateAlias", "-alias-name", "alias/state", "-key-id", w.key())
		w.write("settings.kms.hcl", []byte("kmsplan {\n"+block+"\nencryption {\n  key = \"alias/state\"\n}\n}\n"))
	}
	w.write("main.kms.hcl", estate(n))
	w.run("init")
	return w
}

// paired collects what the same work costs over each store, in turn.
type paired map[string][]cost

func (p paired) add(store string, c cost) { p[store] = append(p[store], c) }

// report gives the medians over each store, and the median of what each costs beside the local one of its turn.
func (p paired) report(b *testing.B) {
	b.ReportMetric(0, "ns/op")
	for store, costs := range p {
		for unit, of := range map[string]func(cost) float64{
			"cpu-s":  func(c cost) float64 { return c.cpu.Seconds() },
			"wall-s": func(c cost) float64 { return c.wall.Seconds() },
		} {
			var here, beside []float64
			for i, c := range costs {
				here, beside = append(here, of(c)), append(beside, of(c)/of(p["local"][i]))
			}
			b.ReportMetric(median(here), store+"-"+unit)
			if store != "local" {
				b.ReportMetric(median(beside), store+"/local-"+unit)
			}
		}
	}
}

func median(all []float64) float64 {
	all = slices.Sorted(slices.Values(all))
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}

// BenchmarkPlanOver plans 1,000 keys and 1,000 aliases that are as they should be, with their state on this disk and on servers on
// this machine, in turn.
func BenchmarkPlanOver(b *testing.B) {
	worlds := map[string]*world{}
	for name, store := range stores() {
		worlds[name] = over(b, store, 0, objects)
		worlds[name].run("apply", "-auto-approve")
	}
	costs := paired{}
	for b.Loop() {
		for name, w := range worlds {
			costs.add(name, w.run("plan", "-detailed-exitcode"))
		}
	}
	costs.report(b)
}

// BenchmarkApplyOver creates them, in turn, with servers that are 20 ms away: as fast as the service's rates allow, and
// without any limit.
func BenchmarkApplyOver(b *testing.B) {
	for _, rates := range []string{"documented", "off"} {
		b.Run("rates-"+rates, func(b *testing.B) {
			costs := paired{}
			for b.Loop() {
				for name, store := range stores() {
					w := over(b, store, 20*time.Millisecond, objects, "-throttle="+rates, "-quotas=off")
					costs.add(name, w.run("apply", "-auto-approve"))
				}
			}
			costs.report(b)
		})
	}
}

// TestAStoreOfABenchmarkIsUsed keeps the drivers compiling and the stores in use.
func TestAStoreOfABenchmarkIsUsed(t *testing.T) {
	for name, store := range stores() {
		t.Run(name, func(t *testing.T) {
			w := over(t, store, time.Millisecond, 2)
			w.run("apply", "-auto-approve")
			if _, err := os.Stat(w.dir + "/kmsplan.state.json"); (err == nil) != (name == "local") {
				t.Errorf("a state on this disk: %v", err)
			}
			if listed := string(w.run("state", "list").out); strings.Count(listed, "\n") != 4 {
				t.Errorf("the state holds %s", listed)
			}
		})
	}
}
