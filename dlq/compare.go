package dlq

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"reflect"
	"slices"
	"strings"

	"github.com/evtctl/evtctl/internal/jq"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Difference is how a letter's value or key relates to its source's.
type Difference string

// The differences.
const (
	Equal      Difference = "equal"
	Rewritten  Difference = "rewritten"   // other bytes, the same JSON
	FieldsLost Difference = "fields-lost" // JSON without some of the source's fields
	Changed    Difference = "changed"     // anything else
	Nulled     Difference = "null"        // null in the letter: replaying it would write a tombstone
)

// Comparison is how a letter relates to the record that it came from.
type Comparison struct {
	Key   Difference `json:"key"`
	Value Difference `json:"value"`
	// Lost are the fields of the source's value that the letter lacks, as JSON pointers;
	// at most 100 of them.
	Lost []string `json:"lost"`
	// HeadersLost are headers of the source that the letter lacks.
	HeadersLost []string `json:"headers_lost"`
}

// Differs tells whether replaying the letter would write another key or value than
// the source has.
func (c *Comparison) Differs() bool { return c.Key != Equal || c.Value != Equal }

// Compare holds a letter against the record that it came from, and sets
// SourceDiffers.
func Compare(l *Letter, source *kgo.Record) *Comparison {
	c := &Comparison{Lost: []string{}, HeadersLost: []string{}}
	c.Key, _ = difference(l.Key, source.Key)
	var lost []string
	if c.Value, lost = difference(l.Value, source.Value); len(lost) > 0 {
		c.Lost = lost
	}
	for _, h := range source.Headers {
		same := func(mine Header) bool {
			return mine.Key == h.Key && bytes.Equal(mine.Value, h.Value) && (mine.Value == nil) == (h.Value == nil)
		}
		if !slices.ContainsFunc(l.Headers, same) && !slices.Contains(c.HeadersLost, h.Key) {
			c.HeadersLost = append(c.HeadersLost, h.Key)
		}
	}
	differs := c.Differs()
	l.SourceDiffers = &differs
	return c
}

func difference(letter, source []byte) (Difference, []string) {
	switch {
	case (letter == nil) == (source == nil) && bytes.Equal(letter, source):
		return Equal, nil
	case letter == nil:
		return Nulled, nil
	case source == nil || !jq.IsJSON(letter) || !jq.IsJSON(source) || jq.Values(letter)+jq.Values(source) > maxValues:
		return Changed, nil
	}
	a, okA := tree(letter)
	b, okB := tree(source)
	if !okA || !okB {
		return Changed, nil
	}
	var d treeDiff
	d.compare("", a, b)
	switch {
	case d.changed:
		return Changed, d.lost
	case len(d.lost) > 0:
		return FieldsLost, d.lost
	}
	return Rewritten, nil
}

func tree(data []byte) (any, bool) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var v any
	return v, decoder.Decode(&v) == nil
}

type treeDiff struct {
	lost    []string
	changed bool
}

// maxLost bounds the fields that are named.
const maxLost = 100

// compare walks both; b is the source's.
func (d *treeDiff) compare(path string, a, b any) {
	switch b := b.(type) {
	case map[string]any:
		other, ok := a.(map[string]any)
		if !ok {
			d.changed = true
			return
		}
		for _, name := range slices.Sorted(maps.Keys(b)) {
			at := path + "/" + pointerEscape.Replace(name)
			if value, there := other[name]; there {
				d.compare(at, value, b[name])
			} else if len(d.lost) < maxLost {
				d.lost = append(d.lost, at)
			}
		}
		for name := range other {
			if _, there := b[name]; !there {
				d.changed = true
			}
		}
	case []any:
		other, ok := a.([]any)
		if !ok || len(other) != len(b) {
			d.changed = true
			return
		}
		for i := range b {
			d.compare(fmt.Sprintf("%s/%d", path, i), other[i], b[i])
		}
	case json.Number:
		other, ok := a.(json.Number)
		d.changed = d.changed || !ok || !sameNumber(string(other), string(b))
	default:
		d.changed = d.changed || !reflect.DeepEqual(a, b)
	}
}

var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1")

// sameNumber compares the values of numbers, exactly: 1, 1.0 and 10e-1 are the same.
func sameNumber(a, b string) bool {
	if a == b {
		return true
	}
	if len(a) > 64 || len(b) > 64 || hugeExponent(a) || hugeExponent(b) {
		return false
	}
	x, okX := new(big.Rat).SetString(a)
	y, okY := new(big.Rat).SetString(b)
	return okX && okY && x.Cmp(y) == 0
}

// hugeExponent tells of numbers whose digits would fill the memory.
func hugeExponent(s string) bool {
	i := strings.IndexAny(s, "eE")
	return i >= 0 && len(strings.TrimLeft(s[i+1:], "+-0")) > 3
}
