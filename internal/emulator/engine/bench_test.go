package engine_test

import (
	"fmt"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
	"kmsplan.dev/kmsplan/internal/emulator/engine/keys"
)

// bigWorld has 10,000 keys with an alias each.
func bigWorld(b *testing.B) (*enginetest.World, []string) {
	w := enginetest.NewWorld(b, enginetest.Generous)
	ids := make([]string, 10_000)
	for i := range ids {
		ids[i] = w.Key(nil)
		w.Do("CreateAlias", enginetest.Fields{"AliasName": fmt.Sprintf("alias/%d", i), "KeyId": ids[i]})
	}
	return w, ids
}

// measure runs call b.N times and reports processor time, which a busy machine
// does not distort.
func measure(b *testing.B, call func(i int) error) {
	b.ResetTimer()
	before := processorTime()
	for i := range b.N {
		if err := call(i); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(processorTime()-before)/float64(b.N), "cpu-ns/op")
}

func BenchmarkDescribeKey(b *testing.B) {
	w, ids := bigWorld(b)
	describe := w.Operations["DescribeKey"]
	measure(b, func(i int) error {
		c := w.Call
		_, err := describe.Handle(w.E, &c, &keys.KeyRequest{KeyId: &ids[i%len(ids)]})
		return err
	})
}

func BenchmarkDescribeKeyByAlias(b *testing.B) {
	w, _ := bigWorld(b)
	describe := w.Operations["DescribeKey"]
	measure(b, func(i int) error {
		c, alias := w.Call, fmt.Sprintf("alias/%d", i%10_000)
		_, err := describe.Handle(w.E, &c, &keys.KeyRequest{KeyId: &alias})
		return err
	})
}

func BenchmarkListKeysPage(b *testing.B) {
	w, _ := bigWorld(b)
	listKeys, size := w.Operations["ListKeys"], int64(100)
	measure(b, func(i int) error {
		c, number := w.Call, int64(i%100+1)
		_, err := listKeys.Handle(w.E, &c, &keys.ListKeysRequest{PageNumber: &number, PageSize: &size})
		return err
	})
}

func BenchmarkListKeysFiltered(b *testing.B) {
	w, _ := bigWorld(b)
	listKeys, filter := w.Operations["ListKeys"], `[{"Key":"KeyState","Values":["PendingDeletion"]}]`
	measure(b, func(int) error {
		c := w.Call
		_, err := listKeys.Handle(w.E, &c, &keys.ListKeysRequest{Filters: &filter})
		return err
	})
}

func BenchmarkCreateAliasInMemory(b *testing.B) {
	w, ids := bigWorld(b)
	create := w.Operations["CreateAlias"]
	measure(b, func(i int) error {
		c, alias := w.Call, fmt.Sprintf("alias/bench/%d", i)
		_, err := create.Handle(w.E, &c, &keys.AliasRequest{AliasName: &alias, KeyId: &ids[i%len(ids)]})
		return err
	})
}
