package exactly_test

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

// chaos makes the kill tests long, see "make chaos".
var (
	chaos = flag.Bool("chaos", false, "kill a hundred replays of 50,000 letters, and brokers")
	seed  = flag.Uint64("seed", 0, "of the random moments; 0 for a new one")
)

// chance gives random numbers that can be had again.
func chance(t *testing.T) *rand.Rand {
	t.Helper()
	s := *seed
	if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("to repeat this: -run '^%s$' -seed %d", t.Name(), s)
	return rand.New(rand.NewPCG(s, 0))
}

// killing starts replays of random selections and kills them at random moments, until
// so many were killed, or everything is written.
func (j *job) killing(t *testing.T, random *rand.Rand, letters, kills int, change func(*order)) (killed int) {
	t.Helper()
	for range 3 * kills {
		if killed == kills {
			break
		}
		o := j.order(letters)
		o.Every = 1 + random.IntN(4)
		o.Start = random.IntN(o.Every)
		change(&o)
		ch := startReplay(t, o)
		// A quarter dies while starting, initialising or reading the ledger.
		if random.IntN(4) == 0 {
			time.Sleep(time.Duration(random.IntN(60)) * time.Millisecond)
		} else if _, ok := ch.Await("reading"); ok {
			time.Sleep(time.Duration(random.IntN(200)) * time.Millisecond)
		}
		ch.Kill()
		if ch.Cmd.ProcessState.Sys().(syscall.WaitStatus).Signaled() {
			killed++
			continue
		}
		if got := ch.Outcome(t); !strings.HasPrefix(got, "done") {
			t.Fatalf("a replay between two kills: %s", got)
		}
	}
	return killed
}

func TestKilledReplaysLoseAndDoubleNothing(t *testing.T) {
	c := kafkatest.Real(t)
	letters, kills := 5000, 10
	if *chaos {
		letters, kills = 50_000, 100
	}
	random := chance(t)
	j := newJob(t, c, 3)
	killed := j.killing(t, random, letters, kills, func(*order) {})
	j.finish(t, letters)
	if killed < kills*8/10 {
		t.Errorf("only %d replays were killed, of %d that were to be", killed, kills)
	}
	t.Logf("%d replays were killed", killed)
	j.verify(t, letters)
}

func TestTheKillTestSeesALedgerThatIsWrittenAside(t *testing.T) {
	c := kafkatest.Real(t)
	const letters = 2000
	random := chance(t)
	j := newJob(t, c, 3)
	off := func(o *order) { o.Aside, o.MaxRecords = true, 100 }
	j.killing(t, random, letters, 10, off)
	o := j.order(letters)
	off(&o)
	if got := startReplay(t, o).Outcome(t); !strings.HasPrefix(got, "done") {
		t.Fatalf("the last run: %s", got)
	}
	lost, doubled := j.compare(t, letters)
	if lost != 0 || doubled == 0 {
		t.Errorf("without the guarantee %d letters are lost and %d doubled; want none and some", lost, doubled)
	}
	t.Logf("%d of %d letters are doubled", doubled, letters)
}

func TestOfTwoOperatorsAtOnceOneIsFenced(t *testing.T) {
	c := kafkatest.Real(t)
	const letters = 5000
	j := newJob(t, c, 3)
	first := startReplay(t, j.order(letters))
	first.Await("writing")
	second := startReplay(t, j.order(letters))
	// Nearly always it is the first; where a commit of its was under way, it may be the one
	// that begins anew.
	outcomes := []string{first.Outcome(t), second.Outcome(t)}
	fenced := slices.Index(outcomes, "taken over")
	if fenced < 0 || !strings.HasPrefix(outcomes[1-fenced], "done") {
		t.Errorf("the two ended with %q", outcomes)
	}
	j.verify(t, letters)
}

// Two that start together can each get one of the pair of ids. Then one of them must
// end, or both, before anything is doubled.
func TestTwoOperatorsThatStartTogetherDoubleNothing(t *testing.T) {
	c := kafkatest.Real(t)
	letters, times := 600, 4
	if *chaos {
		times = 60
	}
	random := chance(t)
	taken := 0
	for range times {
		j := newJob(t, c, 3)
		var both []*kafkatest.Child
		for range 2 {
			both = append(both, startReplay(t, j.order(letters)))
			time.Sleep(time.Duration(random.IntN(30)) * time.Millisecond)
		}
		for _, ch := range both {
			switch got := ch.Outcome(t); {
			case got == "taken over":
				taken++
			case !strings.HasPrefix(got, "done"):
				t.Errorf("one of two ended with %q", got)
			}
		}
		j.finish(t, letters)
		j.verify(t, letters)
	}
	t.Logf("of %d pairs %d runs were fenced", times, taken)
}

func TestTheTestForTwoOperatorsSeesIdsOfTheirOwn(t *testing.T) {
	c := kafkatest.Real(t)
	const letters = 5000
	j := newJob(t, c, 3)
	o := j.order(letters)
	o.TxnID += "-first"
	first := startReplay(t, o)
	first.Await("writing")
	o.TxnID += "-second"
	second := startReplay(t, o)
	for _, ch := range []*kafkatest.Child{first, second} {
		if got := ch.Outcome(t); !strings.HasPrefix(got, "done") {
			t.Errorf("a run with an id of its own ended with %q", got)
		}
	}
	if lost, doubled := j.compare(t, letters); lost != 0 || doubled == 0 {
		t.Errorf("%d letters are lost and %d doubled; want none and some", lost, doubled)
	}
}

func TestAStoppedReplayThatWakesUpWritesNothingMore(t *testing.T) {
	c := kafkatest.Real(t)
	const letters = 5000
	for name, stop := range map[string]time.Duration{"between transactions or within one": 0, "a moment later": 7 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			j := newJob(t, c, 3)
			sleeper := startReplay(t, j.order(letters))
			sleeper.Await("writing")
			time.Sleep(stop)
			if err := sleeper.Cmd.Process.Signal(syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			j.finish(t, letters)
			if err := sleeper.Cmd.Process.Signal(syscall.SIGCONT); err != nil {
				t.Fatal(err)
			}
			if got := sleeper.Outcome(t); got != "taken over" {
				t.Errorf("the stopped one ended with %q", got)
			}
			j.verify(t, letters)
		})
	}
}
