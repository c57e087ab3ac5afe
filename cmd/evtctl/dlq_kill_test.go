//go:build unix

package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/kafkatest"
)

// chaos makes the kill test long, see "make chaos".
var (
	chaos = flag.Bool("chaos", false, "kill a hundred replays of 50,000 letters")
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

// selections are ways to ask for a part of the letters, and for all.
func (j *lettersJob) selections(t *testing.T) [][]string {
	t.Helper()
	var stats struct {
		Groups []struct{ Fingerprint string }
	}
	text := strings.Join(must(t, j.c, 0, "dlq", "stats", j.dlq, "-o", "json").out, "")
	if err := json.Unmarshal([]byte(text), &stats); err != nil || len(stats.Groups) != 2 {
		t.Fatalf("%v: %s", err, text)
	}
	list := [][]string{{}, {"--limit", fmt.Sprint(j.letters / 3)}}
	for _, g := range stats.Groups {
		list = append(list, []string{"--fingerprint", g.Fingerprint})
	}
	for p := range jobPartitions {
		list = append(list, []string{"--where", fmt.Sprintf(`.coordinates | startswith("%s:%d:")`, j.dlq, p)})
	}
	return append(list, []string{"--where", `.decoded.value.json.n % 2 == 0`})
}

func TestKilledCommandsLoseAndDoubleNothing(t *testing.T) {
	c := kafkatest.Real(t)
	letters, kills := 3000, 6
	if *chaos {
		letters, kills = 50_000, 100
	}
	random := chance(t)
	j := newLettersJob(t, c, letters)
	selections := j.selections(t)
	killed, within := 0, 0
	for range 5 * kills {
		if killed == kills {
			break
		}
		args := selections[random.IntN(len(selections))]
		if random.IntN(2) == 0 { // many small transactions
			args = append(args[:len(args):len(args)], "--rate", fmt.Sprintf("%d/s", letters/4+random.IntN(letters)))
		}
		e, wrote := j.replay(t, args...), false
		if random.IntN(4) == 0 { // while it starts, plans, or fences
			time.Sleep(time.Duration(random.IntN(400)) * time.Millisecond)
		} else if wrote = e.writing(); wrote {
			time.Sleep(time.Duration(random.IntN(150)) * time.Millisecond)
		}
		_ = e.cmd.Process.Kill() // it may have ended
		switch code := e.ended(); {
		case code == -1:
			if killed++; wrote {
				within++
			}
		case code != 0:
			t.Fatalf("a replay between two kills ended with %d: %s", code, e.stderr())
		default: // there was little left to be killed at
			j.add(t, j.letters, j.letters+letters/2)
			j.letters += letters / 2
		}
	}
	if killed < kills {
		t.Errorf("only %d replays were killed, of %d", killed, kills)
	}
	if code := j.replay(t).ended(); code != 0 {
		t.Fatalf("the last replay ended with %d", code)
	}
	j.verify(t)
	t.Logf("%d replays were killed, %d of them while they wrote", killed, within)
}

func TestOfTwoCommandsAtOnceOneIsFenced(t *testing.T) {
	c := kafkatest.Real(t)
	j := newLettersJob(t, c, 3000)
	first := j.replay(t, "--rate", "200/s")
	first.writing()
	oneIsFenced(t, first, j.replay(t))
	if code := j.replay(t).ended(); code != 0 {
		t.Errorf("the rest ended with %d", code)
	}
	j.verify(t)
}

// oneIsFenced wants that of two runs, whichever it is, none doubles the other's work:
// each does all, or ends because the other has taken over.
func oneIsFenced(t *testing.T, both ...*evtctl) {
	t.Helper()
	fenced := 0
	for _, e := range both {
		switch code := e.ended(); {
		case strings.Contains(e.stderr(), "another run has taken over") && (code == 4 || code == 1):
			fenced++
		case code != 0:
			t.Errorf("one of two ended with %d: %s", code, e.stderr())
		}
	}
	if fenced == 0 {
		t.Error("none of two at once was fenced")
	}
}

func TestAStoppedCommandThatWakesUpWritesNothingMore(t *testing.T) {
	c := kafkatest.Real(t)
	j := newLettersJob(t, c, 3000)
	sleeper := j.replay(t, "--rate", "60/s")
	sleeper.writing()
	sleeper.signal(syscall.SIGSTOP)
	if code := j.replay(t).ended(); code != 0 {
		t.Errorf("the second ended with %d", code)
	}
	sleeper.signal(syscall.SIGCONT)
	if code := sleeper.ended(); code != 4 || !strings.Contains(sleeper.stderr(), "another run has taken over") {
		t.Errorf("the stopped one ended with %d: %s", code, sleeper.stderr())
	}
	j.verify(t)
}
