package jq

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/itchyny/gojq"
)

// Query chooses among JSON values. Several goroutines may use it at once.
type Query struct {
	code  *gojq.Code
	tree  *gojq.Query
	names map[string]bool // members of its input that it may look at; nil: all
}

// Bounds of a query at one record.
const (
	maxQueryTime = 200 * time.Millisecond
	maxQueryText = 64 << 10
)

// ErrTime says that a query took too long at a record.
var ErrTime = errors.New("the query takes too long; does it loop?")

// QueryError is a query that can't be compiled.
type QueryError struct {
	Query string
	Err   error
}

func (e *QueryError) Error() string { return fmt.Sprintf("query %q: %v", clip(e.Query), e.Err) }

// Unwrap gives what the compiler said.
func (e *QueryError) Unwrap() error { return e.Err }

// clip bounds what an error repeats.
func clip(text string) string { return text[:min(len(text), 200)] }

// NewQuery compiles a query. An error is a [*QueryError].
func NewQuery(query string) (*Query, error) {
	fail := func(err error) (*Query, error) { return nil, &QueryError{query, err} }
	if len(query) > maxQueryText {
		return fail(fmt.Errorf("it has %d bytes; at most %d are allowed", len(query), maxQueryText))
	}
	parsed, err := gojq.Parse(query)
	if err != nil {
		return fail(err)
	}
	u := looks{names: map[string]bool{}}
	u.query(parsed)
	if u.forbidden != "" {
		return fail(fmt.Errorf("%s can't be had here: a query sees one record only", u.forbidden))
	}
	code, err := gojq.Compile(parsed, gojq.WithEnvironLoader(func() []string { return nil }))
	if err != nil {
		return fail(err)
	}
	q := &Query{code: code, tree: parsed, names: u.names}
	if u.all {
		q.names = nil
	}
	return q, nil
}

// Syntax is the query as it was parsed, for who can answer simple ones without jq. It
// must not be changed.
func (q *Query) Syntax() *gojq.Query { return q.tree }

// Names are the members of its input, and "member.member", that the query may look at;
// with all, any others too.
func (q *Query) Names() (names []string, all bool) {
	return slices.Sorted(maps.Keys(q.names)), q.names == nil
}

// Needs tells whether the query may look at a member of its input. What it doesn't
// need, needn't be made.
func (q *Query) Needs(name string) bool { return q.names == nil || q.names[name] }

// NeedsMember is Needs for a member of a member.
func (q *Query) NeedsMember(name, member string) bool {
	return q.names == nil || q.names[name+"."] || q.names[name+"."+member]
}

// Match tells whether the first value that the query gives is neither false nor null.
// An error is of this input only: a query that is wrong for one, such as a number in
// the place of a string, may be right for the next. The input may be changed.
func (q *Query) Match(ctx context.Context, input map[string]any) (bool, error) {
	run := runs.Get().(*run)
	run.timer.Reset(maxQueryTime)
	value, ok := q.code.RunWithContext(run.ctx, input).Next()
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
			return false, ErrTime
		}
		return false, err
	}
	return value != nil && value != false, nil
}

// run is what bounds a query in time. A timer of its own for every record would cost
// more than most queries.
type run struct {
	ctx   context.Context
	timer *time.Timer
}

var runs = sync.Pool{New: func() any {
	ctx, cancel := context.WithCancel(context.Background())
	return &run{ctx, time.AfterFunc(time.Hour, cancel)}
}}
