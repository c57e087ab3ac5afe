package schema_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestModesDemandVersionsAndDirections(t *testing.T) {
	breaks := func(r schema.Result) []string {
		list := []string{}
		for _, p := range r.Problems {
			list = append(list, string(p.Direction)+" "+p.Against)
		}
		return list
	}
	// The candidate lacks what version 1 has without default, and has what version 2
	// lacks; version 3 is the candidate itself without the new field's default.
	for _, test := range []struct {
		mode   schema.Mode
		old    []string
		new    string
		broken []string
		first  schema.Side
	}{
		{schema.None, []string{v1}, broken, []string{}, schema.Neither},
		{schema.Backward, []string{v1, broken}, broken, []string{}, schema.Consumers},
		{schema.Backward, []string{broken, v1}, broken, []string{"backward version 2"}, schema.Neither},
		{schema.BackwardTransitive, []string{v1, broken}, broken, []string{"backward version 1"}, schema.Neither},
		{schema.BackwardTransitive, []string{v1, v1}, broken, []string{"backward version 2", "backward version 1"}, schema.Neither},
		{schema.Backward, []string{v1}, withoutAmount, []string{}, schema.Consumers},
		{schema.Forward, []string{v1}, broken, []string{}, schema.Producers},
		{schema.Forward, []string{v1}, withoutAmount, []string{"forward version 1"}, schema.Neither},
		{schema.Forward, []string{v1, withoutAmount}, withoutAmount, []string{}, schema.Producers},
		{schema.ForwardTransitive, []string{v1, withoutAmount}, withoutAmount, []string{"forward version 1"}, schema.Neither},
		{schema.Full, []string{v1}, v2, []string{}, schema.Either},
		{schema.Full, []string{v1}, broken, []string{"backward version 1"}, schema.Neither},
		{schema.Full, []string{v1}, withoutAmount, []string{"forward version 1"}, schema.Neither},
		{schema.FullTransitive, []string{v1, withoutAmount}, v1, []string{"backward version 2"}, schema.Neither},
		{schema.FullTransitive, []string{v1, v2}, v2, []string{}, schema.Either},
	} {
		r := one(t, test.new, versions{test.mode, test.old})
		if diff := cmp.Diff(test.broken, breaks(r)); diff != "" {
			t.Errorf("%s over %d versions (-want +got):\n%s", test.mode, len(test.old), diff)
		}
		if r.Compatible != (len(test.broken) == 0) || r.DeployFirst != test.first || r.Deploy == "" {
			t.Errorf("%s over %d versions: compatible %t, deploy %s first (%s); want %s", test.mode, len(test.old), r.Compatible, r.DeployFirst, r.Deploy, test.first)
		}
	}
}

func TestWhatCountsAsTheMode(t *testing.T) {
	mapped := func(r *schema.Request) { r.Candidates[0].Mode = schema.Full }
	requested := func(r *schema.Request) { r.Mode = schema.Forward }
	for name, test := range map[string]struct {
		baseline schema.Mode
		more     []func(*schema.Request)
		mode     schema.Mode
		from     string
	}{
		"the baseline's":         {schema.BackwardTransitive, nil, schema.BackwardTransitive, "subject"},
		"none said":              {"", nil, schema.Backward, "default"},
		"a mapping's":            {schema.Backward, []func(*schema.Request){mapped}, schema.Full, "mapping"},
		"the request's over all": {schema.Backward, []func(*schema.Request){mapped, requested}, schema.Forward, "request"},
	} {
		if r := one(t, v2, versions{test.baseline, []string{v1}}, test.more...); r.Mode != test.mode || r.ModeFrom != test.from {
			t.Errorf("%s: %s from %s, want %s from %s", name, r.Mode, r.ModeFrom, test.mode, test.from)
		}
	}
}

func TestANewSubjectPassesWithANote(t *testing.T) {
	r := one(t, v1, versions{})
	if !r.Compatible || !r.NewSubject || r.DeployFirst != schema.Either {
		t.Errorf("%+v", r)
	}
	wantNote(t, r.Notes, "new subject", subject)
}

func TestANewSubjectMustBeASchemaAllTheSame(t *testing.T) {
	if r := one(t, `{"type": "recrod"}`, versions{}); r.Compatible || r.Error == nil {
		t.Errorf("%+v", r)
	}
}

func TestWhatCannotBeCheckedIsNotCompatible(t *testing.T) {
	for name, test := range map[string]struct {
		text, old string
		line      int
		words     string
	}{
		"an empty file":                  {"", v1, 1, "empty"},
		"not JSON":                       {"syntax = \"proto3\";", v1, 1, "line 1"},
		"an unknown type":                {"{\"type\": \"record\", \"name\": \"A\", \"fields\": [\n{\"name\": \"a\", \"type\": \"strin\"}]}", v1, 2, "strin"},
		"40 MB":                          {strings.Repeat(" ", 40<<20), v1, 0, "MB"},
		"an old version that is nothing": {v1, "nothing", 0, "version 1 of subject"},
	} {
		t.Run(name, func(t *testing.T) {
			report := check(t, schema.Request{Candidates: candidate(test.text), Baseline: versions{"", []string{test.old}}})
			r := report.Results[0]
			if report.Compatible || r.Compatible || r.Error == nil || report.Outcome() != schema.Unchecked {
				t.Fatalf("outcome %s: %+v", report.Outcome(), r)
			}
			if !strings.Contains(r.Error.Message, test.words) || r.Error.Line != test.line {
				t.Errorf("error %q at line %d; want %q at %d", r.Error.Message, r.Error.Line, test.words, test.line)
			}
			if r.DeployFirst != schema.Neither || !strings.Contains(r.Deploy, "couldn't be checked") {
				t.Errorf("deploy: %s", r.Deploy)
			}
		})
	}
}

func TestAnErrorHidesNoBreak(t *testing.T) {
	report := check(t, schema.Request{Candidates: candidate(broken), Baseline: versions{schema.BackwardTransitive, []string{"nothing", v1}}})
	if r := report.Results[0]; r.Error == nil || r.Breaks() != 1 || report.Outcome() != schema.Incompatible {
		t.Errorf("outcome %s with error %v and %d breaks", report.Outcome(), r.Error, r.Breaks())
	}
}

func TestTheReportsOutcomeIsTheWorst(t *testing.T) {
	fine, bad, unchecked := schema.Result{Compatible: true}, schema.Result{Problems: []schema.Problem{{}}}, schema.Result{Error: &schema.ResultError{}}
	for want, results := range map[schema.Outcome][]schema.Result{
		schema.Compatible: {fine}, schema.Unchecked: {fine, unchecked}, schema.Incompatible: {fine, unchecked, bad},
	} {
		report := schema.Report{Compatible: want == schema.Compatible, Results: results}
		if got := report.Outcome(); got != want {
			t.Errorf("outcome %s, want %s", got, want)
		}
	}
	if got := (&schema.Report{}).Outcome(); got == schema.Compatible {
		t.Error("a report without results is compatible")
	}
}

// failing is a baseline that can't be read.
type failing struct {
	versions
	err error
}

func (f failing) History(context.Context, schema.Lookup) (*schema.History, error) { return nil, f.err }

func TestABaselineThatCannotBeReadEndsTheCheck(t *testing.T) {
	down := &schema.BaselineError{Err: errors.New("connection refused")}
	_, err := schema.Check(t.Context(), schema.Request{Candidates: candidate(v1), Baseline: failing{err: down}})
	if !errors.Is(err, down) {
		t.Errorf("error %v", err)
	}
	if r := one(t, v1, failing{err: errors.New("forbidden")}); r.Compatible || r.Error == nil {
		t.Errorf("what concerns one subject: %+v", r)
	}
}

func TestNothingToCheckIsAskedWrongly(t *testing.T) {
	_, err := schema.Check(t.Context(), schema.Request{Baseline: versions{}})
	wantAsked(t, err, "there are none")
}

func TestAnInterruptedCheckHasNoAnswer(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := schema.Check(ctx, schema.Request{Candidates: candidate(v1), Baseline: failing{err: context.Canceled}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestAnotherLanguageBreaks(t *testing.T) {
	c := candidate(v1)
	r := check(t, schema.Request{Candidates: c, Baseline: protobufHistory{}}).Results[0]
	if r.Compatible || len(r.Problems) != 1 || r.Problems[0].Rule != schema.RuleFormat {
		t.Errorf("%+v", r.Problems)
	}
}

type protobufHistory struct{ versions }

func (protobufHistory) History(context.Context, schema.Lookup) (*schema.History, error) {
	return &schema.History{Versions: []schema.Version{{Number: 1, Label: "version 1", Format: schema.Protobuf}}}, nil
}

func TestProblemsSayWhatBreaksForWhom(t *testing.T) {
	backward := one(t, broken, versions{schema.Backward, []string{v1, v1}}).Problems[0]
	forward := one(t, withoutAmount, versions{schema.Forward, []string{v1}}).Problems[0]
	for _, test := range []struct {
		p             schema.Problem
		message, fix  string
		line          int
		old, new      string
		againstNumber schema.VersionNumber
	}{
		{backward, "consumers with the new schema can't read what producers on version 2 wrote: field \"customerTier\"", "give field \"customerTier\" a default", 4, "no such field", "string", 2},
		{forward, "consumers on version 1 can't read what producers with the new schema write: field \"amount\"", "keep field \"amount\"", 1, "double", "no such field", 1},
	} {
		if !strings.HasPrefix(test.p.Message, test.message) || !strings.HasPrefix(test.p.Fix, test.fix) {
			t.Errorf("message %q, fix %q", test.p.Message, test.p.Fix)
		}
		if test.p.Line != test.line || test.p.File != "order.avsc" || test.p.AgainstVersion != test.againstNumber {
			t.Errorf("at %s:%d against %d", test.p.File, test.p.Line, test.p.AgainstVersion)
		}
		if test.p.Old() != test.old || test.p.New() != test.new {
			t.Errorf("from %q to %q", test.p.Old(), test.p.New())
		}
	}
}

func TestTheReportIsAContract(t *testing.T) {
	loaded := load(t, schema.LoadRequest{Paths: []string{"testdata/report"}, Names: schema.SubjectNames{Naming: schema.TopicName}})
	report := check(t, schema.Request{
		Candidates: loaded.Candidates, Available: loaded.Available,
		Baseline: schema.InDir("testdata/report-baseline"), Mode: schema.FullTransitive,
	})
	got, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/report.golden.json"
	if *update {
		if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(bytes.TrimSpace(want)), string(got)); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	var back schema.Report
	if err := json.Unmarshal(got, &back); err != nil || len(back.Results) != len(report.Results) {
		t.Errorf("the report doesn't read back: %v", err)
	}
}

func TestAnswersAreTheSameEachTime(t *testing.T) {
	texts := []string{}
	for range 20 {
		texts = append(texts, v1, withoutAmount, v2)
	}
	first := one(t, broken, versions{schema.FullTransitive, texts})
	if len(first.Problems) < 40 {
		t.Fatalf("%d problems only", len(first.Problems))
	}
	for range 10 {
		if diff := cmp.Diff(first.Problems, one(t, broken, versions{schema.FullTransitive, texts}).Problems); diff != "" {
			t.Fatalf("another order:\n%s", diff)
		}
	}
	if !slices.IsSortedFunc(first.Problems, func(a, b schema.Problem) int { return int(b.AgainstVersion - a.AgainstVersion) }) {
		t.Error("versions aren't from the newest to the oldest")
	}
}
