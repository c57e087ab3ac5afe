package jq

import (
	"github.com/itchyny/gojq"
)

// forbidden are functions that look at something else than the input.
var forbidden = setOf("env", "$ENV", "input", "inputs", "debug", "stderr", "input_filename", "input_line_number",
	"halt", "halt_error", "get_search_list", "modulemeta", "import", "include")

// narrow are functions that don't look into what they are applied to but for what
// their arguments name, or that take no object at all.
var narrow = setOf("select", "test", "match", "capture", "scan", "startswith", "endswith", "ltrimstr", "rtrimstr", "ascii_downcase",
	"ascii_upcase", "split", "tonumber", "fromjson", "not", "now", "fromdate", "fromdateiso8601", "todate", "empty", "true", "false", "null")

// looks finds out which members of its input a query can look at. It errs to the
// side of all of them.
type looks struct {
	names     map[string]bool
	all       bool
	forbidden string
}

func (u *looks) query(q *gojq.Query) {
	if q == nil {
		return
	}
	for _, f := range q.FuncDefs {
		u.all = true
		u.query(f.Body)
	}
	for _, p := range q.Patterns {
		u.all = u.all || p.Name == ""
	}
	if len(q.Imports) > 0 {
		u.forbidden = "a module"
	}
	u.term(q.Term)
	u.query(q.Left)
	u.query(q.Right)
}

func (u *looks) queries(list ...*gojq.Query) {
	for _, q := range list {
		u.query(q)
	}
}

func (u *looks) term(t *gojq.Term) {
	if t == nil {
		return
	}
	suffixes := t.SuffixList
	switch t.Type {
	case gojq.TermTypeIdentity:
		if len(suffixes) == 0 || suffixes[0].Index == nil {
			u.all = true
			break
		}
		u.index(suffixes[0].Index, suffixes[1:])
	case gojq.TermTypeIndex:
		u.index(t.Index, suffixes)
	case gojq.TermTypeRecurse, gojq.TermTypeFormat:
		u.all = true
	case gojq.TermTypeFunc:
		u.function(t.Func)
	case gojq.TermTypeObject:
		for _, kv := range t.Object.KeyVals {
			u.all = u.all || kv.Val == nil
			u.queries(kv.KeyQuery, kv.Val)
			u.string(kv.KeyString)
		}
	case gojq.TermTypeArray:
		u.query(t.Array.Query)
	case gojq.TermTypeUnary:
		u.term(t.Unary.Term)
	case gojq.TermTypeString:
		u.string(t.Str)
	case gojq.TermTypeIf:
		u.queries(t.If.Cond, t.If.Then, t.If.Else)
		for _, e := range t.If.Elif {
			u.queries(e.Cond, e.Then)
		}
	case gojq.TermTypeTry:
		u.queries(t.Try.Body, t.Try.Catch)
	case gojq.TermTypeReduce:
		u.all = true
		u.queries(t.Reduce.Query, t.Reduce.Start, t.Reduce.Update)
	case gojq.TermTypeForeach:
		u.all = true
		u.queries(t.Foreach.Query, t.Foreach.Start, t.Foreach.Update, t.Foreach.Extract)
	case gojq.TermTypeLabel:
		u.query(t.Label.Body)
	case gojq.TermTypeQuery:
		u.query(t.Query)
	}
	for _, s := range suffixes {
		if s.Index != nil {
			u.queries(s.Index.Start, s.Index.End)
			u.string(s.Index.Str)
		}
	}
}

// index notes the member that is taken of the input, which may be the whole, and
// the member of that: "cause.class", or "cause." for any.
func (u *looks) index(i *gojq.Index, suffixes []*gojq.Suffix) {
	name, ok := Name(i)
	if !ok {
		u.all = true
		u.queries(i.Start, i.End)
		u.string(i.Str)
		return
	}
	u.names[name] = true
	member := ""
	if len(suffixes) > 0 && suffixes[0].Index != nil {
		member, _ = Name(suffixes[0].Index)
	}
	u.names[name+"."+member] = true
}

// Name is the member that an index takes, where that is written plainly.
func Name(i *gojq.Index) (string, bool) {
	switch {
	case i.Name != "":
		return i.Name, true
	case i.Str != nil && len(i.Str.Queries) == 0:
		return i.Str.Str, true
	}
	return "", false
}

func (u *looks) function(f *gojq.Func) {
	switch {
	case forbidden[f.Name]:
		u.forbidden = f.Name
	case (f.Name == "any" || f.Name == "all") && len(f.Args) == 2:
	case f.Name[0] != '$' && !narrow[f.Name]:
		u.all = true
	}
	u.queries(f.Args...)
}

func (u *looks) string(s *gojq.String) {
	if s != nil {
		u.queries(s.Queries...)
	}
}

func setOf(words ...string) map[string]bool {
	set := make(map[string]bool, len(words))
	for _, word := range words {
		set[word] = true
	}
	return set
}
