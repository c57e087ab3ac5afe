package dlq

import (
	"context"
	"errors"
	"fmt"

	"github.com/evtctl/evtctl/internal/jq"
)

// Where is a jq query over the JSON of a letter. Several goroutines may use it at
// once.
type Where struct {
	query *jq.Query
	wants wants // what of a letter must be read for it

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

// ErrWhereTime says that a query took too long at a letter.
var ErrWhereTime = jq.ErrTime

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
	compiled, err := jq.NewQuery(query)
	var wrong *jq.QueryError
	if errors.As(err, &wrong) {
		return nil, &WhereError{query, wrong.Err}
	}
	if err != nil {
		return nil, err
	}
	w := &Where{query: compiled}
	w.prepare()
	p := plainly{}
	w.plain = p.query(compiled.Syntax())
	w.plainWants = p.wants
	return w, nil
}

// prepare finds out what is to be read, and how the letter is built.
func (w *Where) prepare() {
	names, all := w.query.Names()
	if all {
		w.wants = everything
	}
	for _, name := range names {
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
func (w *Where) needs(name string) bool { return w.query.Needs(name) }

// needsMember is needs for a member of a member.
func (w *Where) needsMember(name, member string) bool {
	return w.query.NeedsMember(name, member)
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
	return w.query.Match(ctx, input)
}

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
			jq.Data(in, part.name, part.data)
		}
	}
	put("headers", func() any {
		list := make([]any, len(l.Headers))
		for i, h := range l.Headers {
			m := map[string]any{"key": h.Key}
			jq.Data(m, "value", h.Value)
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
		return map[string]any{"state": d.State, "job": d.Job, "who": d.Who, "why": d.Why, "at": jq.Time(d.At)}
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

// maxValues is how many values JSON may have to be looked into: more would take tens of
// megabytes as a tree.
const maxValues = 600_000

var errManyValues = fmt.Errorf("its JSON has more than %d values: too many to look into", maxValues)

// anyPart keeps whole numbers whole, however long they are.
func anyPart(p Part) (any, error) {
	m := map[string]any{"format": p.Format, "json": nil, "error": jq.Text(p.Error)}
	if p.JSON == nil {
		return m, nil
	}
	if jq.Values(p.JSON) > maxValues {
		return nil, errManyValues
	}
	v, err := jq.JSON(p.JSON)
	if err != nil {
		return nil, err
	}
	m["json"] = v
	return m, nil
}
