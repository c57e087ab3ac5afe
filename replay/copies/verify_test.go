package copies_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/replay/copies"
)

// plainEditor changes JSON without a schema.
type plainEditor struct{ set *copies.Set }

func (e *plainEditor) Edit(ctx context.Context, rec *kgo.Record) (err error) {
	rec.Value, err = e.set.Apply(ctx, rec.Value)
	return err
}

// choosing gives the request a query and a change.
func choosing(t testing.TB, where, set string) func(*copies.Request) {
	t.Helper()
	w, err := copies.NewWhere(where)
	if err != nil {
		t.Fatal(err)
	}
	change, err := copies.NewSet(set)
	if err != nil {
		t.Fatal(err)
	}
	return func(r *copies.Request) { r.Where, r.Set, r.Edit = w, set, &plainEditor{change} }
}

func verify(t testing.TB, j *job) *copies.Verification {
	t.Helper()
	v, err := j.mustPlan(t).Verify(t.Context(), func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestWhatIsChosenIsMaskedAndVerified(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		j := newJob(t, c, 3)
		records := orders(j.from, 3, 300)
		c.Produce(t, records...)
		j.change = choosing(t, `.decoded.value.json.n % 10 == 3 and (.headers[] | select(.key == "event-id") | .value | startswith("e"))`, `.email = "x"`)
		if got := said(j.run(t)); got != "planned 300 done 30 skipped 270 failed 0 none 0 left 0" {
			t.Error(got)
		}
		for _, r := range c.Committed(t, j.to) {
			var n int
			if _, err := fmt.Sscanf(string(r.Value), `{"n": %d, "email": "x"}`, &n); err != nil || n%10 != 3 {
				t.Errorf("%s", r.Value)
			}
		}
		if v := verify(t, j); !v.Equal || v.Expected != 30 || v.Found != 30 {
			t.Errorf("%+v", v)
		}
		j.start, j.until = "+20", "+40" // a part of what was copied
		if v := verify(t, j); !v.Equal || v.Expected != 6 || v.Found != 6 {
			t.Errorf("a part: %+v", v)
		}
	})
}

func TestAVerificationFindsWhatDiffers(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		j := newJob(t, c, 1)
		c.Produce(t, orders(j.from, 1, 50)...)
		j.run(t)
		all := c.Committed(t, j.to)
		forged := func(i int, change func(*kgo.Record)) {
			r := &kgo.Record{Topic: j.to, Key: all[i].Key, Value: all[i].Value, Headers: append([]kgo.RecordHeader{}, all[i].Headers...)}
			change(r)
			c.Produce(t, r)
		}
		if v := verify(t, j); !v.Equal {
			t.Fatalf("%+v", v)
		}
		deleteBefore(t, c, j.to, 0, all[4].Offset)       // four are missing
		forged(0, func(*kgo.Record) {})                  // one is back
		forged(1, func(r *kgo.Record) { r.Value = nil }) // one is another
		forged(2, func(r *kgo.Record) { r.Key, r.Headers[0].Value = []byte("k"), []byte("e") })
		forged(20, func(*kgo.Record) {}) // one is doubled
		forged(9, func(r *kgo.Record) { r.Headers[len(r.Headers)-2].Value = []byte(j.from + ":0:999") })
		v := verify(t, j)
		var got []string
		for _, d := range v.Differences {
			got = append(got, strings.TrimPrefix(d.Coordinates, j.from)+" "+strings.Join(d.What, ","))
		}
		want := []string{":0:1 value", ":0:2 key,headers", ":0:20 doubled", ":0:3 missing"}
		if d := cmp.Diff(want, got); d != "" || v.Equal || v.Expected != 50 || v.Found != 50 || v.More {
			t.Errorf("%s %+v", d, v)
		}
	})
}

func TestTheKeyChoosesThePartitionAsJavaDoes(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		j := newJob(t, c, 3)
		j.to = c.Topic(t, 2)
		c.Produce(t, orders(j.from, 3, 300)...)
		c.Produce(t, &kgo.Record{Topic: j.from, Value: []byte("no key")})
		var asked *copies.RequestError
		if _, err := j.plan(t); !errors.As(err, &asked) || !strings.Contains(asked.Hint(), "--partition key") {
			t.Errorf("%v", err)
		}
		j.change = func(r *copies.Request) { r.Partition = copies.ByKey }
		if got := said(j.run(t)); got != "planned 301 done 301 skipped 0 failed 0 none 0 left 0" {
			t.Error(got)
		}
		if v := verify(t, j); !v.Equal || v.Found != 301 {
			t.Errorf("%+v", v)
		}
		choose := kgo.StickyKeyPartitioner(nil).ForTopic(j.to)
		for _, r := range c.Committed(t, j.to) {
			if want := int32(choose.Partition(r, 2)); r.Key != nil && r.Partition != want {
				t.Errorf("%s is in partition %d, want %d", r.Key, r.Partition, want)
			}
		}
	})
}

func TestACopyGoesToAnotherCluster(t *testing.T) {
	here, there := kafkatest.Fake(t), kafkatest.Fake(t)
	j := newJob(t, here, 2)
	here.Produce(t, orders(j.from, 2, 100)...)
	if _, err := there.Admin(t).CreateTopic(t.Context(), 2, 1, nil, j.from); err != nil {
		t.Fatal(err)
	}
	req := j.request(t)
	req.To = j.from // of the same name
	away := there.Client(t)
	apply := func() *copies.Receipt {
		plan, err := copies.NewPlan(t.Context(), copies.Look(here.Client(t)), copies.Look(away), req)
		if err != nil {
			t.Fatal(err)
		}
		w := &copies.Writer{Client: away, Options: []kgo.Opt{kgo.SeedBrokers(there.Brokers()...)}, Who: "alice", Job: "job"}
		r, err := w.Apply(t.Context(), plan)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := plan.Verify(t.Context(), func(string) {}); err != nil || !v.Equal || v.Found != 100 {
			t.Errorf("%+v, %v", v, err)
		}
		return r
	}
	if got := said(apply()); got != "planned 100 done 100 skipped 0 failed 0 none 0 left 0" {
		t.Error(got)
	}
	if got := said(apply()); got != "planned 0 done 0 skipped 0 failed 0 none 0 left 0" {
		t.Error(got)
	}
	if got := len(there.Committed(t, j.from)); got != 100 {
		t.Errorf("%d records there", got)
	}
	if topics, err := here.Admin(t).ListTopics(t.Context()); err != nil || topics.Has(copies.Topic) {
		t.Errorf("something was written to the source's cluster: %v %v", topics.Names(), err)
	}
}
