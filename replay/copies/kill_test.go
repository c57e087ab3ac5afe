package copies_test

import (
	"flag"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/kafkatest"
)

// chaos makes the kill test long, see "make chaos".
var (
	chaos = flag.Bool("chaos", false, "kill thirty copies of 100,000 records")
	seed  = flag.Uint64("seed", 0, "of the random moments; 0 for a new one")
)

func TestKilledCopiesLoseAndDoubleNothing(t *testing.T) {
	c := kafkatest.Real(t)
	records, kills, most := 8000, 4, 100
	if *chaos {
		records, kills, most = 100_000, 30, 500
	}
	random := chance(t)
	j := newJob(t, c, 3)
	c.Produce(t, orders(j.from, 3, records)...)
	killed := 0
	for range 3 * kills {
		if killed == kills {
			break
		}
		ch := j.child(t, most)
		// A quarter dies while starting, initialising or reading the ledger.
		begin := "writing"
		if random.IntN(4) == 0 {
			begin = "planned"
		}
		if _, ok := ch.Await(begin); ok {
			time.Sleep(time.Duration(random.IntN(200)) * time.Millisecond)
		}
		ch.Kill()
		if ch.Cmd.ProcessState.Sys().(syscall.WaitStatus).Signaled() {
			killed++
			continue
		}
		if got := ch.Outcome(t); !strings.HasPrefix(got, "done") {
			t.Fatalf("a copy between two kills: %s", got)
		}
		c.Produce(t, orders(j.from, 3, records/10)...) // it was quick: there is more to do
	}
	if got := j.child(t, most).Outcome(t); !strings.HasPrefix(got, "done") || !strings.HasSuffix(got, "left 0") {
		t.Fatalf("the last run: %s", got)
	}
	if killed < kills*8/10 {
		t.Errorf("only %d copies were killed, of %d that were to be", killed, kills)
	}
	t.Logf("%d copies were killed", killed)
	j.isWhole(t)
}

// TestKilledBrokersLoseAndDoubleNothingOfACopy belongs to "make chaos": three nodes take
// more than their share of a small machine.
func TestKilledBrokersLoseAndDoubleNothingOfACopy(t *testing.T) {
	if !*chaos {
		t.Skipf("%s: killing brokers takes minutes; make chaos does it", kafkatest.LeftOut)
	}
	const records, kills = 10_000, 5 // for each kill
	random := chance(t)
	c := kafkatest.RealNodes(t, 3)
	j := newJob(t, c, 3, "min.insync.replicas=2")
	o := order{c.Brokers(), j.from, j.to, 500, 1000}
	kafkatest.KillBrokers(t, c, random, kills, func() *kafkatest.Child {
		c.Produce(t, orders(j.from, 3, records)...)
		return kafkatest.StartChild(t, childOrder, o)
	})
	if got := j.child(t, 500).Outcome(t); !strings.HasPrefix(got, "done") || !strings.HasSuffix(got, "left 0") {
		t.Fatalf("the last run: %s", got)
	}
	j.isWhole(t)
}

// isWhole sees that all is there once, and that a verification finds it so.
func (j *job) isWhole(t *testing.T) {
	t.Helper()
	j.same(t)
	v, err := j.mustPlan(t).Verify(t.Context(), func(string) {})
	if err != nil || !v.Equal || v.Found != v.Expected {
		t.Errorf("verified: %+v, %v", v, err)
	}
}

// chance is random, and tells how to repeat it.
func chance(t *testing.T) *rand.Rand {
	s := *seed
	if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("to repeat this: -run '^%s$' -seed %d", t.Name(), s)
	return rand.New(rand.NewPCG(s, 0))
}

// Two that copy the same at once: one is fenced, and nothing is doubled.
func TestOfTwoThatCopyTheSameOneIsFenced(t *testing.T) {
	c := kafkatest.Real(t)
	j := newJob(t, c, 3)
	c.Produce(t, orders(j.from, 3, 12000)...)
	first := j.child(t, 50)
	first.Await("writing")
	second := j.child(t, 50)
	// Nearly always it is the first; where a commit of its was under way, it may be the one
	// that begins anew.
	outcomes := []string{first.Outcome(t), second.Outcome(t)}
	fenced := slices.Index(outcomes, "taken over")
	if fenced < 0 || !strings.HasPrefix(outcomes[1-fenced], "done") {
		t.Errorf("the two ended with %q", outcomes)
	}
	j.same(t)
}
