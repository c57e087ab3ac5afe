package copies_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/replay/copies"
)

func TestARecordAtWhichTheQueryFailsIsTriedAgain(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		j := newJob(t, c, 1)
		c.Produce(t, orders(j.from, 1, 10)...)
		c.Produce(t, &kgo.Record{Topic: j.from, Value: []byte("no JSON")}, &kgo.Record{Topic: j.from, Value: []byte("nor this")})
		c.Produce(t, orders(j.from, 1, 10)...)
		j.change = choosing(t, `(.value | fromjson).n % 2 == 0`, ".")
		r := j.run(t)
		if got := said(r); got != "planned 22 done 10 skipped 10 failed 2 none 0 left 0" {
			t.Error(got)
		}
		if len(r.Items) != 2 || r.Items[0].Coordinates != j.from+":0:10" || !strings.HasPrefix(r.Items[1].Reason, "the query fails: ") {
			t.Errorf("%+v", r.Items)
		}
		if got := said(j.run(t)); got != "planned 2 done 0 skipped 0 failed 2 none 0 left 0" {
			t.Error(got)
		}
		if v := verify(t, j); v.Equal || v.NotCopied != 2 || v.Expected != 10 || v.Found != 10 || len(v.Differences) != 0 {
			t.Errorf("%+v", v)
		}
	})
}

// blocked is a decoder that can't answer for a while.
type blocked struct{ ends atomic.Bool }

func (b *blocked) Decode(_ context.Context, _ []kgo.RecordHeader, _ bool, data []byte) ([]byte, string, error) {
	if strings.HasPrefix(string(data), `{"n": 7,`) && !b.ends.Load() {
		return nil, "", &copies.UnavailableError{Err: errors.New("it is down")}
	}
	return data, "avro", nil
}

func TestADecoderThatIsDownEndsTheCopyAndLosesNothing(t *testing.T) {
	c := kafkatest.Fake(t)
	j := newJob(t, c, 1)
	c.Produce(t, orders(j.from, 1, 20)...)
	decoder, choose := &blocked{}, choosing(t, `.decoded.value.json.n > 4`, ".")
	j.change = func(r *copies.Request) { choose(r); r.Decoder = decoder }
	r, err := j.newWriter(t).Apply(t.Context(), j.mustPlan(t))
	var ended *copies.EndedError
	if !errors.As(err, &ended) || !strings.Contains(err.Error(), j.from+":0:7 ") || !r.Interrupted {
		t.Errorf("%v", err)
	}
	if got := said(r); got != "planned 20 done 2 skipped 5 failed 0 none 0 left 13" {
		t.Error(got)
	}
	decoder.ends.Store(true)
	if got := said(j.run(t)); got != "planned 13 done 13 skipped 0 failed 0 none 0 left 0" {
		t.Error(got)
	}
}

// What is read ahead behind the limit is neither counted nor told.
func TestAFailureBehindTheLimitIsNotTold(t *testing.T) {
	c := kafkatest.Fake(t)
	j := newJob(t, c, 1)
	c.Produce(t, orders(j.from, 1, 40)...)
	choose := choosing(t, `if .offset == 2 or .offset == 5 or .offset > 10 then error("odd") else true end`, ".")
	told := 0
	j.writer = func(w *copies.Writer) { w.Report = func(copies.Item) { told++ } }
	for _, test := range []struct {
		limit int64
		want  string
	}{
		{4, "planned 40 done 4 skipped 0 failed 1 none 0 left 35"},
		{4, "planned 36 done 4 skipped 0 failed 2 none 0 left 30"},
	} {
		j.change = func(r *copies.Request) { choose(r); r.Limit = test.limit }
		told = 0
		r := j.run(t)
		if got := said(r); got != test.want || int64(told) != r.Failed || len(r.Items) != told {
			t.Errorf("%s, told of %d: %+v", got, told, r.Items)
		}
	}
}
