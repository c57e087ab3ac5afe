package dlq

import (
	"encoding/base64"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/itchyny/gojq"

	"github.com/evtctl/evtctl/internal/jq"
)

// direct is a query of the simple kind that most are: members of a letter, compared
// with each other and with what the query spells out, and that combined. It gives what
// jq would give, without building the letter for it first. Where it is not sure, as
// where jq would fail, ok is false, and jq is asked.
type direct func(*Letter) (value any, ok bool)

// plainly makes plain queries, and notes what of a letter they look at.
type plainly struct{ wants wants }

// query is nil for a query of another kind.
func (p *plainly) query(q *gojq.Query) direct {
	if q == nil || len(q.FuncDefs) > 0 || len(q.Imports) > 0 || len(q.Patterns) > 0 || q.Meta != nil {
		return nil
	}
	if q.Term != nil {
		return p.term(q.Term)
	}
	if q.Op == gojq.OpPipe {
		return plainPipe(p.query(q.Left), q.Right)
	}
	left, right := p.query(q.Left), p.query(q.Right)
	if left == nil || right == nil {
		return nil
	}
	switch q.Op {
	case gojq.OpAnd:
		return func(l *Letter) (any, bool) {
			v, ok := left(l)
			if ok && truth(v) {
				v, ok = right(l)
			}
			return truth(v), ok
		}
	case gojq.OpOr:
		return func(l *Letter) (any, bool) {
			v, ok := left(l)
			if ok && !truth(v) {
				v, ok = right(l)
			}
			return truth(v), ok
		}
	case gojq.OpAlt:
		return func(l *Letter) (any, bool) {
			v, ok := left(l)
			if ok && !truth(v) {
				v, ok = right(l)
			}
			return v, ok
		}
	}
	if fits := comparison(q.Op); fits != nil {
		return func(l *Letter) (any, bool) {
			x, ok := left(l)
			y, too := right(l)
			return ok && too && fits(compare(x, y)), ok && too
		}
	}
	return nil
}

func truth(v any) bool { return v != nil && v != false }

func comparison(op gojq.Operator) func(int) bool {
	switch op {
	case gojq.OpEq:
		return func(c int) bool { return c == 0 }
	case gojq.OpNe:
		return func(c int) bool { return c != 0 }
	case gojq.OpLt:
		return func(c int) bool { return c < 0 }
	case gojq.OpLe:
		return func(c int) bool { return c <= 0 }
	case gojq.OpGt:
		return func(c int) bool { return c > 0 }
	case gojq.OpGe:
		return func(c int) bool { return c >= 0 }
	}
	return nil
}

// compare is jq's order of values, the usual ones first.
func compare(x, y any) int {
	if a, ok := x.(string); ok {
		if b, ok := y.(string); ok {
			return strings.Compare(a, b)
		}
	}
	return gojq.Compare(x, y)
}

func (p *plainly) term(t *gojq.Term) direct {
	if t.Type == gojq.TermTypeIndex {
		return p.member(t.Index, t.SuffixList)
	}
	if len(t.SuffixList) > 0 {
		return nil
	}
	switch t.Type {
	case gojq.TermTypeQuery:
		return p.query(t.Query)
	case gojq.TermTypeString:
		if len(t.Str.Queries) == 0 {
			return constant(t.Str.Str)
		}
	case gojq.TermTypeNumber:
		if n, err := strconv.Atoi(t.Number); err == nil {
			return constant(n)
		}
	case gojq.TermTypeTrue:
		return constant(true)
	case gojq.TermTypeFalse:
		return constant(false)
	case gojq.TermTypeNull:
		return constant(nil)
	case gojq.TermTypeFunc:
		if len(t.Func.Args) > 0 {
			return nil
		}
		switch t.Func.Name {
		case "true":
			return constant(true)
		case "false":
			return constant(false)
		case "null":
			return constant(nil)
		}
	}
	return nil
}

func constant(v any) direct { return func(*Letter) (any, bool) { return v, true } }

// member is a member of the letter, or a member of a member.
func (p *plainly) member(first *gojq.Index, more []*gojq.Suffix) direct {
	name, ok := jq.Name(first)
	if !ok || len(more) > 1 {
		return nil
	}
	if len(more) == 1 {
		s := more[0]
		if s.Index == nil || s.Optional || s.Iter {
			return nil
		}
		inner, ok := jq.Name(s.Index)
		if !ok {
			return nil
		}
		name += "." + inner
	}
	get := single[name]
	if get == nil {
		return nil
	}
	p.wants |= wantsOf[name]
	return func(l *Letter) (any, bool) { return get(l), true }
}

// single are the members that have one value, as [Where.input] gives them.
var single = map[string]func(*Letter) any{
	"coordinates":       func(l *Letter) any { return l.Coordinates.String() },
	"dialect":           func(l *Letter) any { return jq.Text(orNil(l.Dialect)) },
	"died_at":           func(l *Letter) any { return jq.Time(l.DiedAt) },
	"timestamp":         func(l *Letter) any { return jq.Time(l.Timestamp) },
	"expires_at":        func(l *Letter) any { return jq.Time(l.ExpiresAt) },
	"origin.topic":      func(l *Letter) any { return jq.Text(l.Origin.Topic) },
	"origin.partition":  func(l *Letter) any { return jq.Int(l.Origin.Partition) },
	"origin.offset":     func(l *Letter) any { return jq.Int(l.Origin.Offset) },
	"origin.timestamp":  func(l *Letter) any { return jq.Time(l.Origin.Timestamp) },
	"origin.group":      func(l *Letter) any { return jq.Text(l.Origin.Group) },
	"cause.class":       func(l *Letter) any { return jq.Text(l.Cause.Class) },
	"cause.message":     func(l *Letter) any { return jq.Text(l.Cause.Message) },
	"cause.fingerprint": func(l *Letter) any { return l.Cause.Fingerprint },
	"cause.frame":       func(l *Letter) any { return jq.Text(l.Cause.Frame) },
	"cause.stack":       func(l *Letter) any { return jq.Text(l.Cause.Stack) },
	"cause.attempts":    func(l *Letter) any { return jq.Int(l.Cause.Attempts) },
	"key":               func(l *Letter) any { return plainText(l.Key) },
	"key_base64":        func(l *Letter) any { return plainBytes(l.Key) },
	"value":             func(l *Letter) any { return plainText(l.Value) },
	"value_base64":      func(l *Letter) any { return plainBytes(l.Value) },
}

// wantsOf is what of a letter must be read for a member of its JSON; nothing for what
// always is.
var wantsOf = map[string]wants{
	"died_at": wantTimes, "timestamp": wantTimes, "expires_at": wantTimes, "headers": wantHeaders, "problems": everything,
	"origin.topic": 1 << originTopic, "origin.partition": 1 << originPartition, "origin.offset": 1 << originOffset,
	"origin.timestamp": 1 << originTimestamp, "origin.group": 1 << originGroup, "origin.": wantOrigin,
	"cause.class": 1 << causeClass, "cause.message": 1 << causeMessage, "cause.fingerprint": wantFingerprint, "cause.frame": wantFrame,
	"cause.stack": 1 << causeStack, "cause.attempts": 1 << causeAttempts, "cause.": wantCause | 1<<causeStack | 1<<causeAttempts,
}

func plainText(data []byte) any {
	if data == nil || !utf8.Valid(data) {
		return nil
	}
	return string(data)
}

func plainBytes(data []byte) any {
	if utf8.Valid(data) {
		return nil
	}
	return base64.StdEncoding.EncodeToString(data)
}

// plainPipe is what a value goes through: not, or a test of a text.
func plainPipe(left direct, right *gojq.Query) direct {
	if left == nil || right.Term == nil || right.Term.Type != gojq.TermTypeFunc || len(right.Term.SuffixList) > 0 || len(right.FuncDefs) > 0 {
		return nil
	}
	f := right.Term.Func
	if f.Name == "not" && len(f.Args) == 0 {
		return func(l *Letter) (any, bool) { v, ok := left(l); return !truth(v), ok }
	}
	fits := textTest(f)
	if fits == nil {
		return nil
	}
	return func(l *Letter) (any, bool) {
		v, ok := left(l)
		text, is := v.(string)
		return ok && is && fits(text), ok && is
	}
}

// textTest is nil for anything but a test with a text that is spelt out.
func textTest(f *gojq.Func) func(string) bool {
	if len(f.Args) != 1 || f.Args[0].Term == nil || f.Args[0].Term.Type != gojq.TermTypeString || len(f.Args[0].FuncDefs) > 0 ||
		len(f.Args[0].Term.SuffixList) > 0 || len(f.Args[0].Term.Str.Queries) > 0 {
		return nil
	}
	arg := f.Args[0].Term.Str.Str
	switch f.Name {
	case "startswith":
		return func(s string) bool { return strings.HasPrefix(s, arg) }
	case "endswith":
		return func(s string) bool { return strings.HasSuffix(s, arg) }
	case "contains":
		return func(s string) bool { return strings.Contains(s, arg) }
	case "test":
		if r, err := regexp.Compile(arg); err == nil {
			return r.MatchString
		}
	}
	return nil
}
