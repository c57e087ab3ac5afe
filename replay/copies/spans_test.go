package copies

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Random spans are added, and compared with a plain set of offsets.
func TestSpansAreTheOffsetsThatWereAdded(t *testing.T) {
	const most = 60
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 2000 {
		var s spans
		var set [most]bool
		for range 1 + random.IntN(12) {
			from := random.Int64N(most)
			n := span{from, min(most, from+random.Int64N(8))}
			s = s.add(n)
			for at := n.from; at < n.to; at++ {
				set[at] = true
			}
			size := int64(0)
			for at, in := range set {
				if in {
					size++
				}
				if s.has(int64(at)) != in {
					t.Fatalf("round %d: %v has %d: %v", round, s, at, !in)
				}
			}
			if s.size() != size {
				t.Fatalf("round %d: %v has size %d, want %d", round, s, s.size(), size)
			}
			for i := 1; i < len(s); i++ {
				if s[i].from <= s[i-1].to {
					t.Fatalf("round %d: %v touch or overlap", round, s)
				}
			}
		}
		w := span{random.Int64N(most), most}
		inside, gaps := s.within(w), s.gaps(w)
		if inside.size()+gaps.size() != w.to-w.from {
			t.Fatalf("%v in %v is %v, without %v", s, w, inside, gaps)
		}
		all := slices.Clone(inside)
		for _, g := range gaps {
			all = all.add(g)
		}
		if w.from < w.to && (len(all) != 1 || all[0] != w) {
			t.Fatalf("%v and %v make %v, want %v", inside, gaps, all, w)
		}
	}
}
