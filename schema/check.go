package schema

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/evtctl/evtctl/schema/registry"
	"golang.org/x/sync/errgroup"
)

// versionsAtOnce is how many versions of a subject are compared at a time.
const versionsAtOnce = 8

// Request says what to check, and against what.
type Request struct {
	Candidates []Candidate
	Available  *Pool // what candidates may refer to; may be nil
	Baseline   Baseline
	// Mode overrides the baseline's and a mapping's; empty: theirs, else DefaultMode.
	Mode Mode
	// Deleted compares with versions that were softly deleted, too.
	Deleted bool
	// References are registered schemas that candidates may refer to, found by
	// Resolver. What a candidate refers to and neither Available nor References has
	// is taken from the references of the subject's latest version.
	References []Reference
	Resolver   Resolver // nil: there are none
	// Judge is the registry that is asked for its own verdict; nil: none is.
	Judge Judge
	Allow *AllowList // nil: nothing is allowed
	// Trial tries candidates on a topic's records; nil: none are tried.
	Trial *Trial
	Now   time.Time // for what expires
	// Parallel is how many candidates are checked at a time; 0: as many as there are
	// processors, but at least eight, as most of the time is spent waiting.
	Parallel int
}

// Check checks every candidate. What concerns one candidate only, such as a mistake
// in its file, is that result's Error; an error of Check means that there is no
// answer at all.
func Check(ctx context.Context, req Request) (*Report, error) {
	if len(req.Candidates) == 0 {
		return nil, askedf("name a schema file or a folder of them", "checking schemas: there are none")
	}
	if req.Parallel <= 0 {
		req.Parallel = max(8, runtime.GOMAXPROCS(0))
	}
	report := &Report{Version: ReportVersion, Against: req.Baseline.String(), Results: make([]Result, len(req.Candidates)), Notes: []string{}}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(req.Parallel)
	for i, candidate := range req.Candidates {
		group.Go(func() error {
			result, err := checkOne(ctx, &req, candidate)
			report.Results[i] = result
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	report.Compatible = true
	for _, result := range report.Results {
		report.Compatible = report.Compatible && result.Compatible
	}
	report.Notes = append(report.Notes, req.Allow.stale(report)...)
	return report, nil
}

// checkOne checks a candidate. Its error is one that ends the whole check.
func checkOne(ctx context.Context, req *Request, c Candidate) (Result, error) {
	check := &oneCheck{req: req, c: c, result: Result{
		Path: c.Path, Subject: c.Subject, Format: c.Format,
		CheckedAgainst: []string{}, Problems: []Problem{}, Notes: []string{},
	}}
	err := check.run(ctx)
	if err != nil && (ends(err) || ctx.Err() != nil) {
		return check.result, err
	}
	if err != nil {
		check.result.Error = resultError(c.Path, err)
	}
	check.finish()
	return check.result, nil
}

// oneCheck is the check of one candidate.
type oneCheck struct {
	req      *Request
	c        Candidate
	language Language
	parsed   Parsed
	history  *History
	refs     []Reference // the candidate's, where they are registered ones
	local    bool        // it refers to files
	sources  []Source    // all that it refers to
	result   Result
}

// run goes from what costs little and says most to what costs more.
func (o *oneCheck) run(ctx context.Context) error {
	var err error
	if o.language, err = LanguageOf(o.c.Format); err != nil {
		return err
	}
	o.result.Rules, o.result.Advisory = o.language.Rules(), !o.language.Authoritative()
	_, needs, err := o.language.Names(Source{Path: o.c.Path, Text: o.c.Text})
	if err != nil {
		return err
	}
	if err := o.findHistory(ctx); err != nil {
		return err
	}
	if err := o.parse(ctx, needs); err != nil {
		return err
	}
	for _, remark := range o.parsed.Remarks() {
		o.note("%s", remark)
	}
	if o.history.New {
		o.result.NewSubject = true
		o.note("new subject: %s has no version of %s, so that there is nothing to break", o.req.Baseline, o.c.Subject)
	} else if err := o.compare(ctx); err != nil {
		return err
	}
	return o.try(ctx)
}

func (o *oneCheck) note(format string, args ...any) {
	o.result.Notes = append(o.result.Notes, fmt.Sprintf(format, args...))
}

// findHistory learns the mode and the versions.
func (o *oneCheck) findHistory(ctx context.Context) error {
	lookup := Lookup{Subject: o.c.Subject, Path: o.c.Path, Place: o.c.Place, Deleted: o.req.Deleted, Available: o.req.Available}
	switch {
	case o.req.Mode != "":
		lookup.Mode, o.result.ModeFrom = o.req.Mode, "request"
	case o.c.Mode != "":
		lookup.Mode, o.result.ModeFrom = o.c.Mode, "mapping"
	}
	o.result.Mode = lookup.Mode
	history, err := o.req.Baseline.History(ctx, lookup)
	if err != nil {
		return err
	}
	o.history = history
	if lookup.Mode == "" {
		o.result.Mode, o.result.ModeFrom = history.Mode, history.ModeFrom
		if history.Mode == "" {
			o.result.Mode, o.result.ModeFrom = DefaultMode, "default"
		}
	}
	for _, note := range history.Notes {
		o.note("%s", note)
	}
	return nil
}

// parse reads the candidate with what it refers to.
func (o *oneCheck) parse(ctx context.Context, needs []string) error {
	refs, missing, err := o.req.Available.pick(o.language, o.c.Path, needs)
	if err != nil {
		return err
	}
	o.local = len(refs) > 0
	o.refs = o.registered(missing)
	o.result.References = o.refs
	if len(o.refs) > 0 {
		found, err := resolve(ctx, o.req.Resolver, o.c.Subject, o.refs)
		if err != nil {
			return err
		}
		refs = append(refs, found...)
	}
	o.sources = refs
	o.parsed, err = o.language.Parse(o.c.Text, refs)
	return err
}

// registered finds registered schemas for names that no file has.
func (o *oneCheck) registered(missing []string) []Reference {
	if o.req.Resolver == nil || len(missing) == 0 {
		return nil
	}
	known := o.req.References
	if n := len(o.history.Versions); n > 0 {
		known = append(known[:len(known):len(known)], o.history.Versions[n-1].References...)
	}
	var list []Reference
	taken := map[string]bool{}
	for _, name := range missing {
		for _, ref := range known {
			if refersTo(o.c.Format, name, ref.Name) && !taken[ref.Name] {
				taken[ref.Name] = true
				list = append(list, ref)
			}
		}
	}
	return list
}

// refersTo tells whether what a schema needs is what a reference is called. In Avro
// a name without a namespace is listed with the one that it is used in.
func refersTo(f Format, need, reference string) bool {
	index := map[string][]int{reference: {0}}
	return lookUp(index, f, need) != nil
}

// compare holds the candidate against each version that the mode is about.
func (o *oneCheck) compare(ctx context.Context) error {
	versions := o.history.needed(o.result.Mode)
	found := make([][]Problem, len(versions))
	var verdicts map[VersionNumber]registry.Verdict
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(versionsAtOnce)
	group.Go(func() (err error) {
		verdicts, err = o.askRegistry(ctx, versions)
		return err
	})
	for i, version := range versions {
		group.Go(func() (err error) {
			found[i], err = o.compareWith(version)
			return err
		})
	}
	err := group.Wait()
	for i := len(versions) - 1; i >= 0; i-- {
		o.result.Problems = append(o.result.Problems, found[i]...)
	}
	for _, version := range versions {
		o.result.CheckedAgainst = append(o.result.CheckedAgainst, version.Label)
	}
	if err != nil {
		return err
	}
	if len(versions) == 0 {
		o.note("the mode %s demands nothing: nothing was compared", o.result.Mode)
	}
	o.weigh(versions, verdicts)
	return nil
}

// compareWith holds the candidate against one version.
func (o *oneCheck) compareWith(v Version) ([]Problem, error) {
	if v.Format != o.c.Format {
		return []Problem{o.otherFormat(v)}, nil
	}
	old, err := o.parseVersion(v)
	if err != nil {
		return nil, &versionError{v.Label, o.c.Subject, err}
	}
	var problems []Problem
	for _, direction := range o.result.Mode.Directions() {
		reader, writer := o.parsed, old
		if direction == OldReadsNew {
			reader, writer = old, o.parsed
		}
		findings, err := o.language.Check(reader, writer)
		if err != nil {
			return nil, &versionError{v.Label, o.c.Subject, err}
		}
		for _, f := range findings {
			problems = append(problems, o.problem(v, direction, f))
		}
	}
	return problems, nil
}

func (o *oneCheck) parseVersion(v Version) (Parsed, error) {
	if v.Refs == nil && v.Available != nil {
		return parsePicking(o.language, o.c.Path, v.Text, v.Available)
	}
	return o.language.Parse(v.Text, v.Refs)
}

// finish judges what was found.
func (o *oneCheck) finish() {
	r := &o.result
	o.req.Allow.apply(r, o.req.Now)
	r.Compatible = r.Error == nil && r.Breaks() == 0 && !r.Sample.fails()
	r.DeployFirst, r.Deploy = deployment(r)
}
