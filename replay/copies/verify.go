package copies

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/exactly"
)

// VerificationVersion is raised when a field changes its meaning or goes.
const VerificationVersion = 1

// MaxDifferences is how many a verification names.
const MaxDifferences = 100

// Verification says whether both sides of a copy are equal: each record of the span
// that the query wants is in the target once, with its key, value, headers and
// partition, as the change makes them.
type Verification struct {
	Version  int   `json:"version"`
	Equal    bool  `json:"equal"`
	Expected int64 `json:"expected"` // records of the source
	Found    int64 `json:"found"`    // of this copy and span, in the target
	// NotCopied are offsets of the span that no run has dealt with. They are no
	// difference where the plan has a limit.
	NotCopied   int64        `json:"not_copied"`
	Differences []Difference `json:"differences"`
	// More says that there are more differences than are named.
	More bool `json:"more"`
}

// Difference is one record that isn't alike on both sides.
type Difference struct {
	Coordinates string `json:"coordinates"` // in the source
	Target      string `json:"target"`      // empty: it isn't there
	// What is missing, doubled, unexpected, or what differs: key, value, headers,
	// partition, time.
	What []string `json:"what"`
}

// Verify reads the span on both sides, and compares record by record. It writes
// nothing, and waits for open transactions, which it tells notice about. Where the
// ledger was deleted, all of the span is expected.
//
// It reads both sides once to find stretches that differ, in memory that doesn't grow
// with them, and those stretches again to name the records.
func (p *Plan) Verify(ctx context.Context, notice func(string)) (*Verification, error) {
	v := &verifier{p: p, book: newBook(p.Identity, runInfo{}), recipe: p.recipe(), notice: func(n exactly.Notice) { notice(n.Text) }}
	if err := v.book.look(ctx, p.target.cl, exactly.Mark, v.notice); err != nil {
		return nil, err
	}
	v.recipe.notBefore = time.Time{} // what is there was taken
	v.choose = kgo.StickyKeyPartitioner(nil).ForTopic(p.To.Topic)
	v.divide()
	if err := v.compare(ctx); err != nil {
		return nil, fmt.Errorf("verifying the copy: %w", err)
	}
	return v.result(), nil
}

// maxStretches is how many stretches of the source are told apart.
const maxStretches = 1 << 16

// maxNamed bounds the offsets that are read again for their names.
const maxNamed = 200_000

// verifier compares by sums: over all records of a stretch, in any order.
type verifier struct {
	p      *Plan
	book   *book
	recipe *recipe
	notice func(exactly.Notice)
	choose kgo.TopicPartitioner

	parts     map[int32]*verified
	width     int64 // offsets of a stretch
	stretches []tally

	expected, found, notCopied int64
	differences                []Difference
	more                       bool
}

// verified is a source partition.
type verified struct {
	span
	covered spans
	first   int // its first stretch
}

// tally is what the source has more than the target.
type tally struct {
	a, b  uint64
	count int64
}

func (v *verifier) divide() {
	v.parts, v.width = map[int32]*verified{}, max(1, v.p.Offsets/(maxStretches/2))
	n := 0
	for _, s := range v.p.Spans {
		whole := span{s.From, s.Until}
		part := &verified{span: whole, covered: v.book.done(s.Partition).within(whole), first: n}
		if v.p.lost != nil {
			part.covered = spans{whole}
		}
		v.parts[s.Partition] = part
		v.notCopied += whole.to - whole.from - part.covered.size()
		n += int((whole.to-whole.from)/v.width) + 1
	}
	v.stretches = make([]tally, n)
}

func (v *verifier) stretch(partition int32, offset int64) int {
	part := v.parts[partition]
	return part.first + int((offset-part.from)/v.width)
}

func (v *verifier) compare(ctx context.Context) error {
	err := v.readSource(ctx, func(int) bool { return true }, func(partition int32, offset int64, d digest) {
		v.expected++
		v.stretches[v.stretch(partition, offset)].add(d, 1)
	})
	if err != nil {
		return err
	}
	err = v.readTarget(ctx, func(partition int32, offset int64, d digest, r *kgo.Record) {
		v.found++
		if !v.parts[partition].covered.has(offset) {
			v.differ(Difference{v.at(partition, offset), coordinates(r), []string{"unexpected"}})
			return
		}
		v.stretches[v.stretch(partition, offset)].add(d, -1)
	})
	if err != nil {
		return err
	}
	return v.name(ctx)
}

// name reads the stretches that differ again.
func (v *verifier) name(ctx context.Context) error {
	differs := map[int]bool{}
	for i, t := range v.stretches {
		if t == (tally{}) {
			continue
		}
		if int64(len(differs)+1)*v.width > max(maxNamed, v.width) {
			v.more = true
			break
		}
		differs[i] = true
	}
	if len(differs) == 0 {
		return nil
	}
	source, seen := map[sourcePlace]digest{}, map[sourcePlace]bool{}
	err := v.readSource(ctx, func(i int) bool { return differs[i] }, func(partition int32, offset int64, d digest) {
		source[sourcePlace{partition, offset}] = d
	})
	if err != nil {
		return err
	}
	err = v.readTarget(ctx, func(partition int32, offset int64, d digest, r *kgo.Record) {
		at := sourcePlace{partition, offset}
		if !v.parts[partition].covered.has(offset) || !differs[v.stretch(partition, offset)] {
			return
		}
		want, expected := source[at]
		switch {
		case !expected:
			v.differ(Difference{v.at(partition, offset), coordinates(r), []string{"unexpected"}})
		case seen[at]:
			v.differ(Difference{v.at(partition, offset), coordinates(r), []string{"doubled"}})
		case want != d:
			v.differ(Difference{v.at(partition, offset), coordinates(r), want.differences(d)})
		}
		seen[at] = true
	})
	if err != nil {
		return err
	}
	var missing []sourcePlace
	for at := range source {
		if !seen[at] {
			missing = append(missing, at)
		}
	}
	slices.SortFunc(missing, func(a, b sourcePlace) int {
		if a.partition != b.partition {
			return int(a.partition - b.partition)
		}
		return int(min(1, max(-1, a.offset-b.offset)))
	})
	for _, at := range missing {
		v.differ(Difference{v.at(at.partition, at.offset), "", []string{"missing"}})
	}
	return nil
}

func (v *verifier) at(partition int32, offset int64) string {
	return fmt.Sprintf("%s:%d:%d", v.p.From.Topic, partition, offset)
}

func (v *verifier) differ(d Difference) {
	if len(v.differences) >= MaxDifferences {
		v.more = true
		return
	}
	v.differences = append(v.differences, d)
}

func (v *verifier) result() *Verification {
	r := &Verification{
		Version: VerificationVersion, Expected: v.expected, Found: v.found, NotCopied: v.notCopied,
		Differences: append([]Difference{}, v.differences...), More: v.more,
	}
	r.Equal = len(r.Differences) == 0 && !r.More && (v.notCopied == 0 || v.p.Limit > 0)
	return r
}
