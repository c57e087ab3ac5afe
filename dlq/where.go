package dlq

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/itchyny/gojq"
)

// Where is a jq query over the JSON of a letter. Several goroutines may use it at
// once.
type Where struct {
	code  *gojq.Code
	names map[string]bool // members of a letter that it may look at; nil: all
	wants wants           // what of a letter must be read for them

	top   []member // of those, the ones with one value
	inner []inner  // and those of members

	plain      direct // nil: only jq can tell
	plainWants wants
}

type member struct {
	name string
	of   func(*Letter) any
}

type inner struct {
	name    string
	members []member
}

// Bounds of a query at one letter.
const (
	maxWhereTime = 200 * time.Millisecond
	maxWhereText = 64 << 10
)

// ErrWhereTime says that a query took too long at a letter.
var ErrWhereTime = errors.New("the query takes too long; does it loop?")

// Hint says what to do about an error of [NewWhere].
func (e *WhereError) Hint() string {
	return `for example: .cause.class == "java.lang.IllegalStateException"`
}

// WhereError is a query that can't be compiled.
type WhereError struct {
	Query string
	Err   error
}

func (e *WhereError) Error() string {
	return fmt.Sprintf("query %q: %v", clip(e.Query, 200), e.Err)
}

// Unwrap gives what the compiler said.
func (e *WhereError) Unwrap() error { return e.Err }

// NewWhere compiles a query. A letter fits when the first value that it gives is
// neither false nor null. Modules, the environment and other input can't be had.
func NewWhere(query string) (*Where, error) {
	fail := func(err error) (*Where, error) { return nil, &WhereError{query, err} }
	if len(query) > maxWhereText {
		return fail(fmt.Errorf("it has %d bytes; at most %d are allowed", len(query), maxWhereText))
	}
	parsed, err := gojq.Parse(query)
	if err != nil {
		return fail(err)
	}
	u := looks{names: map[string]bool{}}
	u.query(parsed)
	if u.forbidden != "" {
		return fail(fmt.Errorf("%s can't be had here: a query sees the letter only", u.forbidden))
	}
	code, err := gojq.Compile(parsed, gojq.WithEnvironLoader(func() []string { return nil }))
	if err != nil {
		return fail(err)
	}
	w := &Where{code: code, names: u.names}
	if u.all {
		w.names = nil
	}
	w.prepare()
	p := plainly{}
	w.plain = p.query(parsed)
	w.plainWants = p.wants
	return w, nil
}

// prepare finds out what is to be read, and how the letter is built.
func (w *Where) prepare() {
	if w.names == nil {
		w.wants = everything
	}
	for name := range w.names {
		w.wants |= wantsOf[name]
	}
	for _, name := range []string{"coordinates", "dialect", "died_at", "timestamp", "expires_at"} {
		if w.needs(name) {
			w.top = append(w.top, member{name, single[name]})
		}
	}
	for outer, names := range map[string][]string{
		"origin": {"topic", "partition", "offset", "timestamp", "group"},
		"cause":  {"class", "message", "fingerprint", "frame", "stack", "attempts"},
	} {
		if !w.needs(outer) {
			continue
		}
		in := inner{name: outer}
		for _, name := range names {
			if w.needsMember(outer, name) {
				in.members = append(in.members, member{name, single[outer+"."+name]})
			}
		}
		w.inner = append(w.inner, in)
	}
}

// needs tells whether the query may look at a member of the letter.
func (w *Where) needs(name string) bool { return w.names == nil || w.names[name] }

// needsMember is needs for a member of a member.
func (w *Where) needsMember(name, member string) bool {
	return w.names == nil || w.names[name+"."] || w.names[name+"."+member]
}

// Match tells whether a letter fits. An error is of this letter only: a query that
// is wrong for one, such as a number in the place of a string, may be right for the
// next.
func (w *Where) Match(ctx context.Context, l *Letter) (bool, error) {
	if w.plain != nil {
		if v, ok := w.plain(l); ok {
			return truth(v), nil
		}
	}
	return w.jq(ctx, l)
}

// jq asks jq.
func (w *Where) jq(ctx context.Context, l *Letter) (bool, error) {
	input, err := w.input(l)
	if err != nil {
		return false, err
	}
	run := runs.Get().(*run)
	run.timer.Reset(maxWhereTime)
	value, ok := w.code.RunWithContext(run.ctx, input).Next()
	if run.timer.Stop() {
		runs.Put(run)
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if !ok {
		return false, nil
	}
	if err, failed := value.(error); failed {
		if errors.Is(err, context.Canceled) {
			return false, ErrWhereTime
		}
		return false, err
	}
	return truth(value), nil
}

// run is what bounds a query in time. A timer of its own for every letter would cost
// more than most queries.
type run struct {
	ctx   context.Context
	timer *time.Timer
}

var runs = sync.Pool{New: func() any {
	ctx, cancel := context.WithCancel(context.Background())
	return &run{ctx, time.AfterFunc(time.Hour, cancel)}
}}

// input builds the letter for jq, as its JSON is, but only as much of it as the query
// looks at.
func (w *Where) input(l *Letter) (map[string]any, error) {
	in := make(map[string]any, 16)
	put := func(name string, value func() any) {
		if w.needs(name) {
			in[name] = value()
		}
	}
	for _, m := range w.top {
		in[m.name] = m.of(l)
	}
	for _, o := range w.inner {
		m := make(map[string]any, len(o.members))
		for _, member := range o.members {
			m[member.name] = member.of(l)
		}
		in[o.name] = m
	}
	for _, part := range []struct {
		name string
		data []byte
	}{{"key", l.Key}, {"value", l.Value}} {
		if w.needs(part.name) || w.needs(part.name+"_base64") {
			anyData(in, part.name, part.data)
		}
	}
	put("headers", func() any {
		list := make([]any, len(l.Headers))
		for i, h := range l.Headers {
			m := map[string]any{"key": h.Key}
			anyData(m, "value", h.Value)
			list[i] = m
		}
		return list
	})
	put("problems", func() any {
		list := make([]any, len(l.Problems))
		for i, p := range l.Problems {
			list[i] = map[string]any{"field": p.Field, "header": p.Header, "reason": p.Reason}
		}
		return list
	})
	put("source_differs", func() any {
		if l.SourceDiffers == nil {
			return nil
		}
		return *l.SourceDiffers
	})
	put("disposition", func() any {
		d := l.Disposition
		if d == nil {
			return nil
		}
		return map[string]any{"state": d.State, "job": d.Job, "who": d.Who, "why": d.Why, "at": anyTime(d.At)}
	})
	if !w.needs("decoded") || l.Decoded == nil {
		return in, nil
	}
	key, err := anyPart(l.Decoded.Key)
	if err != nil {
		return nil, err
	}
	value, err := anyPart(l.Decoded.Value)
	in["decoded"] = map[string]any{"key": key, "value": value}
	return in, err
}

func anyText(s *string) any {
	if s == nil {
		return nil
	}
	return *s
}

func anyInt[N int32 | int64](n *N) any {
	if n == nil {
		return nil
	}
	return int(*n)
}

func anyTime(t *time.Time) any {
	if t == nil {
		return nil
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func anyData(m map[string]any, name string, data []byte) {
	switch {
	case data == nil:
		m[name] = nil
	case utf8.Valid(data):
		m[name] = string(data)
	default:
		m[name+"_base64"] = base64.StdEncoding.EncodeToString(data)
	}
}

// anyPart keeps whole numbers whole, however long they are.
func anyPart(p Part) (any, error) {
	m := map[string]any{"format": p.Format, "json": nil, "error": anyText(p.Error)}
	if p.JSON == nil {
		return m, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(p.JSON))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return nil, fmt.Errorf("decoded data: %w", err)
	}
	m["json"] = numbers(v)
	return m, nil
}

func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return int(n)
		}
		if n, ok := new(big.Int).SetString(v.String(), 10); ok && len(v) < 400 {
			return n
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	}
	return v
}
