package main

import (
	"io"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/commands"
	"github.com/evtctl/evtctl/internal/kafkatest"
)

// BenchmarkLag runs evtctl's own code in this process, so that it can be looked into:
//
//	go test ./internal/bench -run '^$' -bench 'Lag/spread/groups' -cpuprofile cpu.out -memprofile mem.out
func BenchmarkLag(b *testing.B) {
	c := kafkatest.RealNodes(b, 1, kafkatest.WithHeap(1024))
	d := newData(b.Context(), b, c, full)
	for _, at := range []struct {
		name string
		placement
	}{{"spread", spread}, {"near-end", nearEnd}} {
		b.Run(at.name, func(b *testing.B) {
			if err := d.commit(b.Context(), full.few.groups, at.placement); err != nil {
				b.Fatal(err)
			}
			b.Run("groups", func(b *testing.B) { inProcess(b, c, "lag") })
			b.Run("partitions", func(b *testing.B) { inProcess(b, c, "lag", "--by", "partition") })
			b.Run("one-group", func(b *testing.B) { inProcess(b, c, "lag", "--group", groupName(1)) })
		})
	}
}

func inProcess(b *testing.B, c *kafkatest.Cluster, args ...string) {
	env := commands.SystemEnv(func(name string) string {
		return map[string]string{"EVTCTL_BROKERS": strings.Join(c.Brokers(), ","), "HOME": b.TempDir()}[name]
	})
	env.Streams.Out, env.Streams.Err = io.Discard, io.Discard
	b.ReportAllocs()
	for b.Loop() {
		if code := commands.Run(b.Context(), env, args); code != 0 {
			b.Fatalf("evtctl %s ends with exit code %d", strings.Join(args, " "), code)
		}
	}
}
