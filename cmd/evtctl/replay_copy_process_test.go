//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kgo"
)

// copyJob is a topic that is copied by processes of their own.
type copyJob struct {
	home, away       *kafkatest.Cluster
	from, to, config string
	records          int
}

func newCopyJob(t *testing.T, home, away *kafkatest.Cluster, records int) *copyJob {
	t.Helper()
	j := &copyJob{home: home, away: away, from: home.Topic(t, jobPartitions), to: away.Topic(t, jobPartitions), config: filepath.Join(t.TempDir(), "config.yaml")}
	text := "contexts:\n  away:\n    brokers: [" + strings.Join(away.Brokers(), ", ") + "]\n"
	if err := os.WriteFile(j.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	j.add(t, records)
	return j
}

func (j *copyJob) add(t *testing.T, n int) {
	t.Helper()
	var recs []*kgo.Record
	for range n {
		recs = append(recs, &kgo.Record{Topic: j.from, Partition: int32(j.records % jobPartitions), Key: fmt.Appendf(nil, "key-%d", j.records), Value: fmt.Append(nil, j.records)})
		j.records++
	}
	j.home.Produce(t, recs...)
}

func (j *copyJob) copy(t *testing.T, args ...string) *evtctl {
	t.Helper()
	all := []string{"replay", "copy", "--topic", j.from, "--to", j.to, "--from", "start", "--yes", "-o", "jsonl"}
	if j.home != j.away {
		all = append(all, "--to-context", "away", "--config", j.config)
	}
	return start(t, j.home, append(all, args...)...)
}

// begun waits until more is in the target than there was.
func (j *copyJob) begun(t *testing.T, e *evtctl, than int64) {
	t.Helper()
	adm := j.away.Admin(t)
	kafkatest.Eventually(t, 2*time.Minute, "records in the target", func() (bool, string) {
		ends, err := adm.ListEndOffsets(t.Context(), j.to)
		var sum int64
		for _, o := range ends.Offsets()[j.to] {
			sum += o.At
		}
		return err == nil && sum > than+100 || e.over(), fmt.Sprint(sum, err, e.stderr())
	})
}

// ends is how many offsets the target has, markers included.
func (j *copyJob) ends(t *testing.T) (sum int64) {
	t.Helper()
	for _, o := range j.away.Settled(t, j.to).Offsets()[j.to] {
		sum += o.At
	}
	return sum
}

// there is how many records readers of committed records see, each of them once.
func (j *copyJob) there(t *testing.T) int64 {
	t.Helper()
	values := committed(t, j.away, j.to)
	for value, times := range values {
		if times > 1 {
			t.Errorf("record %s is there %d times", value, times)
		}
	}
	return int64(len(values))
}

// finish copies the rest, which must be exactly what isn't there.
func (j *copyJob) finish(t *testing.T) {
	t.Helper()
	before := j.there(t)
	rest := j.copy(t, "--verify")
	if code := rest.ended(); code != 0 {
		t.Fatalf("the rest ended with %d: %s%s", code, rest.out, rest.stderr())
	}
	if receipt, _ := rest.told(); receipt.Done != int64(j.records)-before || receipt.Failed != 0 {
		t.Errorf("the rest did %d, after %d of %d", receipt.Done, before, j.records)
	}
	if all := j.there(t); all != int64(j.records) {
		t.Errorf("%d of %d records are there", all, j.records)
	}
}

const copyGoesOn = "left; the same command again goes on from there"

func TestAnInterruptedCopyHasItsReceiptAndGoesOnExactly(t *testing.T) {
	c := kafkatest.Real(t)
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			j := newCopyJob(t, c, c, 3000)
			e := j.copy(t, "--rate", "300/s")
			j.begun(t, e, 0)
			e.signal(signal)
			if code := e.ended(); code != 130 || !strings.Contains(e.stderr(), copyGoesOn) {
				t.Errorf("it ended with %d: %s", code, e.stderr())
			}
			receipt, _ := e.told()
			if there := j.there(t); !receipt.Interrupted || receipt.Done != there || there == 0 || there == 3000 {
				t.Errorf("the receipt is %+v, and %d are in the target", receipt, there)
			}
			j.finish(t)
		})
	}
}

// A process is stopped within a transaction, and has both signals when it wakes up.
func TestASecondInterruptAbortsACopyAtOnce(t *testing.T) {
	c := kafkatest.Real(t)
	j := newCopyJob(t, c, c, 3000)
	var plan struct{ Copy string }
	if err := json.Unmarshal([]byte(strings.Join(must(t, c, 0, "replay", "copy", "--topic", j.from, "--to", j.to, "--from", "start", "--dry-run", "-o", "json").out, "")), &plan); err != nil {
		t.Fatal(err)
	}
	state := func() string {
		return transactionState(t, c, func(id string) bool { return strings.HasPrefix(id, "evtctl.copy."+plan.Copy) })
	}
	told, aborted := int64(0), false
	for n := 0; n < 20 && !aborted; n++ {
		before := j.ends(t)
		e := j.copy(t, "--rate", "2000/s")
		j.begun(t, e, before)
		if !e.stopWithin(state) { // it had done all before
			e.ended()
			receipt, _ := e.told()
			told += receipt.Done
			j.add(t, 1000)
			continue
		}
		e.signal(os.Interrupt)
		e.signal(syscall.SIGTERM)
		e.signal(syscall.SIGCONT)
		if code := e.ended(); code != 130 || !strings.Contains(e.stderr(), copyGoesOn) {
			t.Fatalf("it ended with %d: %s", code, e.stderr())
		}
		is := state()
		if is == "Ongoing" {
			t.Fatal("its transaction is still open")
		}
		aborted = strings.HasSuffix(is, "Abort")
		// Whatever became of it, the receipt has what is in the target.
		receipt, _ := e.told()
		told += receipt.Done
		if there := j.there(t); !receipt.Interrupted || there != told {
			t.Fatalf("the receipt is %+v; %d records were told, and %d are in the target", receipt, told, there)
		}
	}
	if !aborted {
		t.Error("no transaction was aborted")
	}
	j.finish(t)
}

// What is copied to another cluster is kept there, and nowhere else.
func TestACopyToAnotherClusterThatIsKilledLosesAndDoublesNothing(t *testing.T) {
	home, away := kafkatest.Fake(t), kafkatest.Real(t)
	j := newCopyJob(t, home, away, 4000)
	for kill := range 3 {
		before := j.ends(t)
		e := j.copy(t, "--rate", "1000/s")
		j.begun(t, e, before)
		_ = e.cmd.Process.Kill()
		if code := e.ended(); code != -1 {
			t.Logf("copy %d had ended with %d before it was killed", kill, code)
			j.add(t, 1000)
		}
	}
	j.finish(t)
	again := j.copy(t)
	if code := again.ended(); code != 0 {
		t.Errorf("the same again ended with %d: %s", code, again.stderr())
	}
	if receipt, _ := again.told(); receipt.Planned != 0 || receipt.Done != 0 {
		t.Errorf("the same again did %+v", receipt)
	}
	if topics, err := home.Admin(t).ListTopics(t.Context()); err != nil || topics.Has("evtctl.replay.copies") {
		t.Errorf("something was written to the source's cluster: %v, %v", topics.Names(), err)
	}
}
