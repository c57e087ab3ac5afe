package avro

import (
	"fmt"
	"strings"
)

// wordsDepth and wordsWidth keep descriptions readable: types further in, and
// branches further on, aren't spelled out.
const (
	wordsDepth = 3
	wordsWidth = 8
	wordsName  = 255 // bytes
)

// words describes a type in a few words, as in "union of null and string".
func (t *typ) words() string { return t.wordsTo(wordsDepth) }

func (t *typ) wordsTo(depth int) string {
	if depth == 0 {
		return "…"
	}
	text := string(t.kind)
	switch t.kind {
	case kindArray, kindMap:
		text += " of " + t.items.is.wordsTo(depth-1)
	case kindUnion:
		text = t.unionWords(depth)
	case kindRecord, kindEnum:
		text += " " + shorten(t.name.full, wordsName)
	case kindFixed:
		text += fmt.Sprintf(" %s of %d bytes", shorten(t.name.full, wordsName), t.size)
	}
	if logical := t.logicalWords(); logical != "" {
		text += " (" + logical + ")"
	}
	return text
}

func (t *typ) unionWords(depth int) string {
	if len(t.branches) == 0 {
		return "union of nothing"
	}
	var parts []string
	for i, branch := range t.branches {
		if i == wordsWidth {
			parts = append(parts, fmt.Sprintf("%d more", len(t.branches)-i))
			break
		}
		parts = append(parts, branch.is.wordsTo(depth-1))
	}
	return "union of " + list(parts, "and")
}

// logicalWords is the logical type, with a decimal's precision and scale.
func (t *typ) logicalWords() string {
	logical, ok := t.at.getText("logicalType")
	if !ok {
		return ""
	}
	if precision := t.at.get("precision"); logical == "decimal" && precision != nil {
		logical += " " + precision.compact(20)
		if scale := t.at.get("scale"); scale != nil {
			logical += "," + scale.compact(20)
		}
	}
	return shorten(logical, 60)
}

// list joins words as a sentence does.
func list(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	n := len(words) - 1
	return strings.Join(words[:n], ", ") + " " + last + " " + words[n]
}

// quoted puts each of the words into quotes.
func quoted(words []string) []string {
	out := make([]string, len(words))
	for i, word := range words {
		out[i] = fmt.Sprintf("%q", word)
	}
	return out
}
