package copies_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/replay/copies"
)

// listening answers as it was told to.
type listening struct {
	readers *copies.Readers
	err     error
}

func (l listening) Readers(context.Context, string) (*copies.Readers, error) { return l.readers, l.err }

func TestAPlanSaysWhoReadsTheTarget(t *testing.T) {
	c := kafkatest.Fake(t)
	j := newJob(t, c, 1)
	c.Produce(t, orders(j.from, 1, 10)...)
	shop := copies.Group{Group: "shop", Type: "consumer", State: "Stable", Members: 1, Committed: 3}
	audit := copies.Group{Group: "audit", Type: "classic", State: "Empty", Members: 0, Committed: 1}
	many := make([]copies.Group, 7)
	for i := range many {
		many[i] = copies.Group{Group: fmt.Sprint("g", i), Type: "share", Members: 2}
	}
	for _, test := range []struct {
		name string
		says listening
		want []string
	}{
		{"nobody", listening{readers: &copies.Readers{Known: true}}, nil},
		{"two", listening{readers: &copies.Readers{Known: true, Groups: []copies.Group{audit, shop}}},
			[]string{`has readers, which get what is copied, too: classic group "audit" (no member, offsets in 1 partition), consumer group "shop" (1 member, offsets in 3 partitions)`}},
		{"many", listening{readers: &copies.Readers{Known: true, Groups: many}}, []string{`share group "g4" (2 members, offsets in no partition), and 2 more, which -o json names`}},
		{"nobody who is seen", listening{readers: &copies.Readers{Reason: "no rights"}}, []string{"who reads topic " + j.to + " can't be known: no rights"}},
		{"somebody who is seen", listening{readers: &copies.Readers{Reason: "no rights", Groups: []copies.Group{shop}}}, []string{`consumer group "shop"`, "who else reads topic " + j.to + " can't be known: no rights"}},
		{"no answer", listening{err: errors.New("it is down")}, []string{"who reads topic " + j.to + " can't be known: it is down"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			j.change = func(r *copies.Request) { r.Audience = test.says }
			p := j.mustPlan(t)
			if len(p.Warnings) != len(test.want) || p.Readers == nil || p.Readers.Groups == nil {
				t.Fatalf("%q %+v", p.Warnings, p.Readers)
			}
			for i, want := range test.want {
				if !strings.Contains(p.Warnings[i], want) {
					t.Errorf("%q, want %q", p.Warnings[i], want)
				}
			}
		})
	}
	if j.change = func(*copies.Request) {}; j.mustPlan(t).Readers != nil {
		t.Error("what nobody was asked is known")
	}
}
