package wire

import (
	"encoding/base64"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// avroWriter makes JSON out of what the library has read.
type avroWriter struct {
	out   []byte
	most  int // bytes of out
	notes []string
	path  []step
}

func (w *avroWriter) value(t *avroType, v any) error {
	if len(w.out) > w.most {
		return tooMuchJSON(w.most)
	}
	switch v := v.(type) {
	case nil:
		w.out = append(w.out, "null"...)
		return nil
	case bool:
		w.out = strconv.AppendBool(w.out, v)
		return nil
	case int32:
		return w.number(t, int64(v))
	case int64:
		return w.number(t, v)
	case float32:
		w.float(float64(v), 32)
		return nil
	case float64:
		w.float(v, 64)
		return nil
	case string:
		w.text(v)
		return nil
	case []byte:
		return w.bytes(t, v)
	case []any:
		return w.array(t, v)
	case map[string]any:
		return w.object(t, v)
	}
	return fmt.Errorf("the Avro library gives a %T for %s", v, t.words())
}

// number writes an int or long, readable where it has a logical type.
func (w *avroWriter) number(t *avroType, n int64) error {
	if text, ok := timeText(t, n); ok {
		w.text(text)
		return nil
	}
	w.out = strconv.AppendInt(w.out, n, 10)
	return nil
}

// float writes the shortest digits that give the same number again.
func (w *avroWriter) float(f float64, bits int) {
	switch {
	case math.IsNaN(f):
		w.text("NaN")
	case math.IsInf(f, 1):
		w.text("Infinity")
	case math.IsInf(f, -1):
		w.text("-Infinity")
	default:
		form := byte('f')
		if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
			form = 'e'
		}
		w.out = strconv.AppendFloat(w.out, f, form, -1, bits)
	}
}

// text writes a string. Avro's are UTF-8, and some programs write other bytes.
func (w *avroWriter) text(s string) {
	if !utf8.ValidString(s) && len(w.notes) < maxNotes {
		w.notes = append(w.notes, fmt.Sprintf("%s: a string that isn't UTF-8; its invalid bytes appear as U+FFFD", w.place()))
	}
	w.out, _ = jsontext.AppendQuote(w.out, s) // the error is about invalid UTF-8, which it replaces
}

func (w *avroWriter) place() string {
	if text := pathText(w.path); text != "" {
		return text
	}
	return "the data"
}

func (w *avroWriter) bytes(t *avroType, b []byte) error {
	switch t.logical {
	case "decimal":
		text, err := decimalText(b, t.scale)
		if err != nil {
			return faultf(pathText(w.path), "%s", err)
		}
		w.text(text)
	case "uuid":
		w.text(uuidText(b))
	case "duration":
		w.out = append(w.out, durationText(b)...)
	default:
		w.out = append(w.out, '"')
		w.out = base64.StdEncoding.AppendEncode(w.out, b)
		w.out = append(w.out, '"')
	}
	return nil
}

func (w *avroWriter) array(t *avroType, items []any) error {
	w.out = append(w.out, '[')
	w.path = append(w.path, step{})
	for i, item := range items {
		w.path[len(w.path)-1].index = i
		if i > 0 {
			w.out = append(w.out, ',')
		}
		if err := w.value(t.items, item); err != nil {
			return err
		}
	}
	w.path = w.path[:len(w.path)-1]
	w.out = append(w.out, ']')
	return nil
}

// object writes what the library gives as a map: a record, a map, or the value of
// a union with the name of its branch.
func (w *avroWriter) object(t *avroType, v map[string]any) error {
	switch t.kind {
	case "union":
		return w.union(t, v)
	case "record":
		names := make([]string, len(t.fields))
		types := make([]*avroType, len(t.fields))
		for i, f := range t.fields {
			names[i], types[i] = f.name, f.is
		}
		return w.members(names, v, func(i int) *avroType { return types[i] })
	case "map":
		return w.members(slices.Sorted(maps.Keys(v)), v, func(int) *avroType { return t.items })
	}
	return fmt.Errorf("the Avro library gives a map for %s", t.words())
}

func (w *avroWriter) members(names []string, v map[string]any, is func(int) *avroType) error {
	w.out = append(w.out, '{')
	for i, name := range names {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.path = append(w.path, step{field: name})
		w.text(name)
		w.out = append(w.out, ':')
		if err := w.value(is(i), v[name]); err != nil {
			return err
		}
		w.path = w.path[:len(w.path)-1]
	}
	w.out = append(w.out, '}')
	return nil
}

func (w *avroWriter) union(t *avroType, v map[string]any) error {
	for _, branch := range t.branches {
		inner, ok := v[branch.branchKey()]
		if !ok {
			continue
		}
		if !t.tagged {
			return w.value(branch, inner)
		}
		w.out = append(w.out, '{')
		w.text(branch.tag())
		w.out = append(w.out, ':')
		if err := w.value(branch, inner); err != nil {
			return err
		}
		w.out = append(w.out, '}')
		return nil
	}
	return fmt.Errorf("the Avro library gives no branch of a union")
}
