package copies

import (
	"encoding/json"
	"slices"
)

// spans are offsets of one partition: sorted, and neither empty nor touching.
type spans []span

// span goes from the first offset up to but not including the second.
type span struct{ from, to int64 }

// MarshalJSON implements [json.Marshaler]: spans are as many as there are records
// that couldn't be copied, so that they are written shortly.
func (s span) MarshalJSON() ([]byte, error) { return json.Marshal([2]int64{s.from, s.to}) }

// UnmarshalJSON implements [json.Unmarshaler].
func (s *span) UnmarshalJSON(text []byte) error {
	var ends [2]int64
	if err := json.Unmarshal(text, &ends); err != nil {
		return err
	}
	s.from, s.to = ends[0], ends[1]
	return nil
}

// add gives the spans with one more. The receiver may be changed.
func (s spans) add(n span) spans {
	if n.from >= n.to {
		return s
	}
	if last := len(s) - 1; last >= 0 && s[last].from <= n.from && n.from <= s[last].to { // as nearly always
		s[last].to = max(s[last].to, n.to)
		return s
	}
	// i is the first that touches n or is behind it, j the first that is wholly behind it.
	i, _ := slices.BinarySearchFunc(s, n.from, func(x span, from int64) int {
		if x.to < from {
			return -1
		}
		return 1
	})
	j := i
	for j < len(s) && s[j].from <= n.to {
		n.from, n.to = min(n.from, s[j].from), max(n.to, s[j].to)
		j++
	}
	return slices.Replace(s, i, j, n)
}

func (s spans) has(offset int64) bool {
	i, _ := slices.BinarySearchFunc(s, offset, func(x span, offset int64) int {
		if x.to <= offset {
			return -1
		}
		return 1
	})
	return i < len(s) && s[i].from <= offset
}

// within gives the part of the spans that is in another.
func (s spans) within(w span) (inside spans) {
	for _, x := range s {
		if from, to := max(x.from, w.from), min(x.to, w.to); from < to {
			inside = append(inside, span{from, to})
		}
	}
	return inside
}

// gaps gives what of another span is in none.
func (s spans) gaps(w span) (gaps spans) {
	at := w.from
	for _, x := range s.within(w) {
		if at < x.from {
			gaps = append(gaps, span{at, x.from})
		}
		at = x.to
	}
	if at < w.to {
		gaps = append(gaps, span{at, w.to})
	}
	return gaps
}

// size is how many offsets there are.
func (s spans) size() (n int64) {
	for _, x := range s {
		n += x.to - x.from
	}
	return n
}
