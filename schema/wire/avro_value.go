package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// parseNumbersKept reads JSON and keeps numbers as they are written. Names that
// occur twice are refused: one of the two values would be lost.
func parseNumbersKept(text []byte) (any, error) {
	line, err := oneLine(text, false)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	return v, nil
}

// avroJSON makes what the library writes out of JSON, and refuses what doesn't fit
// the schema.
type avroJSON struct{ path []step }

func (r *avroJSON) faultf(format string, args ...any) error {
	return faultf(pathText(r.path), format, args...)
}

// unfit says that a value isn't of its type.
func (r *avroJSON) unfit(t *avroType, v any) error {
	return r.faultf("%s is wanted, and not %s", t.wanted(), jsonWords(v))
}

// wanted describes what the JSON of a type must be.
func (t *avroType) wanted() string {
	switch {
	case t.logical != "":
		return t.words() + " (" + t.logical + ")"
	case t.kind == "bytes" || t.kind == "fixed":
		return t.words() + " in base64"
	}
	return t.words()
}

func jsonWords(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "an object"
	case []any:
		return "an array"
	case json.Number:
		return clip(v.String())
	case string:
		return strconv.Quote(clip(v))
	}
	return fmt.Sprint(v)
}

// clip shortens a text for a message.
func clip(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}

func (r *avroJSON) value(t *avroType, v any) (any, error) {
	switch t.kind {
	case "null":
		if v == nil {
			return nil, nil
		}
	case "boolean":
		if b, ok := v.(bool); ok {
			return b, nil
		}
	case "int", "long":
		return r.integer(t, v)
	case "float", "double":
		return r.float(t, v)
	case "string":
		if s, ok := v.(string); ok {
			return s, nil
		}
	case "enum":
		return r.symbol(t, v)
	case "bytes", "fixed":
		return r.bytes(t, v)
	case "array":
		return r.array(t, v)
	case "map":
		return r.mapping(t, v)
	case "record":
		return r.record(t, v)
	case "union":
		return r.union(t, v)
	}
	return nil, r.unfit(t, v)
}

func (r *avroJSON) integer(t *avroType, v any) (any, error) {
	var n int64
	switch v := v.(type) {
	case json.Number:
		parsed, ok := wholeNumber(v.String())
		if !ok {
			return nil, r.unfit(t, v)
		}
		n = parsed
	case string:
		parsed, ok := timeNumber(t, v)
		if !ok {
			return nil, r.unfit(t, v)
		}
		n = parsed
	default:
		return nil, r.unfit(t, v)
	}
	if t.kind == "long" {
		return n, nil
	}
	if int64(int32(n)) != n {
		return nil, r.faultf("%d is out of the range of an int", n)
	}
	return int32(n), nil
}

// wholeNumber reads a number that may be written like 1.0 or 1e3, as some
// programs write them.
func wholeNumber(text string) (int64, bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	if !strings.ContainsAny(text, ".eE") {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int64(f), true
}

func (r *avroJSON) float(t *avroType, v any) (any, error) {
	bits := 64
	if t.kind == "float" {
		bits = 32
	}
	var f float64
	switch v := v.(type) {
	case json.Number:
		parsed, err := strconv.ParseFloat(v.String(), bits)
		if err != nil {
			return nil, r.faultf("%s is out of the range of %s", clip(v.String()), t.words())
		}
		f = parsed
	case string:
		special, ok := map[string]float64{"NaN": math.NaN(), "Infinity": math.Inf(1), "-Infinity": math.Inf(-1)}[v]
		if !ok {
			return nil, r.unfit(t, v)
		}
		f = special
	default:
		return nil, r.unfit(t, v)
	}
	if bits == 32 {
		return float32(f), nil
	}
	return f, nil
}

func (r *avroJSON) symbol(t *avroType, v any) (any, error) {
	s, ok := v.(string)
	if !ok {
		return nil, r.unfit(t, v)
	}
	if !slices.Contains(t.symbols, s) {
		return nil, r.faultf("%q is no symbol of %s: %s", clip(s), t.words(), clip(strings.Join(t.symbols, ", ")))
	}
	return s, nil
}

func (r *avroJSON) bytes(t *avroType, v any) (any, error) {
	var b []byte
	var err error
	switch t.logical {
	case "decimal":
		b, err = decimalBytes(t, v)
	case "uuid":
		b, err = uuidBytes(v)
	case "duration":
		b, err = durationBytes(v)
	default:
		s, ok := v.(string)
		if !ok {
			return nil, r.unfit(t, v)
		}
		b, err = base64.StdEncoding.DecodeString(s)
	}
	if err != nil {
		return nil, r.faultf("%s is wanted: %s", t.wanted(), err)
	}
	if t.kind == "fixed" && len(b) != t.size {
		return nil, r.faultf("%s has %d bytes, and this is %d", t.words(), t.size, len(b))
	}
	return b, nil
}

func (r *avroJSON) array(t *avroType, v any) (any, error) {
	items, ok := v.([]any)
	if !ok {
		return nil, r.unfit(t, v)
	}
	r.path = append(r.path, step{})
	for i, item := range items {
		r.path[len(r.path)-1].index = i
		converted, err := r.value(t.items, item)
		if err != nil {
			return nil, err
		}
		items[i] = converted
	}
	r.path = r.path[:len(r.path)-1]
	return items, nil
}

func (r *avroJSON) mapping(t *avroType, v any) (any, error) {
	object, ok := v.(map[string]any)
	if !ok {
		return nil, r.unfit(t, v)
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if err := r.member(object, key, t.items); err != nil {
			return nil, err
		}
	}
	return object, nil
}

// member converts a member of an object in its place.
func (r *avroJSON) member(object map[string]any, name string, t *avroType) error {
	r.path = append(r.path, step{field: name})
	converted, err := r.value(t, object[name])
	if err != nil {
		return err
	}
	r.path = r.path[:len(r.path)-1]
	object[name] = converted
	return nil
}

func (r *avroJSON) record(t *avroType, v any) (any, error) {
	object, ok := v.(map[string]any)
	if !ok {
		return nil, r.unfit(t, v)
	}
	known := make(map[string]bool, len(t.fields))
	for _, f := range t.fields {
		known[f.name] = true
		if _, ok := object[f.name]; !ok {
			return nil, r.faultf("the field %q of %s is missing", f.name, t.words())
		}
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if !known[name] {
			return nil, r.faultf("%s has no field %q", t.words(), clip(name))
		}
	}
	for _, f := range t.fields {
		if err := r.member(object, f.name, f.is); err != nil {
			return nil, err
		}
	}
	return object, nil
}
