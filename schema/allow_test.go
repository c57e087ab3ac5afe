package schema_test

import (
	"path/filepath"
	"testing"

	"github.com/evtctl/evtctl/schema"
)

// allowing reads an allow list.
func allowing(t *testing.T, text string) *schema.AllowList {
	t.Helper()
	list, err := schema.ReadAllowList(filepath.Join(write(t, "allow.yaml", text), "allow.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

const tierAllowed = `
allow:
  - subject: order-events-value
    rule: reader-field-missing-default-value
    path: /fields/2
    reason: the only consumer moves on Monday
    expires: 2026-03-02
`

func TestKnownBreaksPassAndNewOnesFail(t *testing.T) {
	allow := func(r *schema.Request) { r.Allow = allowing(t, tierAllowed) }
	r := one(t, broken, versions{schema.Backward, []string{v1}}, allow)
	if !r.Compatible || len(r.Problems) != 1 || !r.Problems[0].Allowed || r.Problems[0].AllowedFor != "the only consumer moves on Monday" {
		t.Errorf("a known break: %+v", r)
	}
	if r.DeployFirst != schema.Neither {
		t.Errorf("deploy %s first though it breaks", r.DeployFirst)
	}
	r = one(t, broken, versions{schema.Backward, []string{withoutAmount}}, allow)
	if r.Compatible || r.Breaks() != 1 || len(r.Problems) != 2 {
		t.Errorf("a new break beside it: %+v", r)
	}
}

func TestAnAllowanceHoldsToTheEndOfItsDay(t *testing.T) {
	for name, test := range map[string]struct {
		days int
		want bool
	}{"its last day": {0, true}, "the day after": {1, false}} {
		req := schema.Request{Candidates: candidate(broken), Baseline: versions{schema.Backward, []string{v1}}, Allow: allowing(t, tierAllowed), Now: today.AddDate(0, 0, test.days)}
		report, err := schema.Check(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		r := report.Results[0]
		if r.Compatible != test.want {
			t.Errorf("%s: compatible is %t", name, r.Compatible)
		}
		if !test.want {
			wantNote(t, r.Notes, "expired on 2026-03-02", "allow.yaml", "moves on Monday")
		}
	}
}

func TestStaleAllowancesArePointedOut(t *testing.T) {
	req := schema.Request{Candidates: candidate(v2), Baseline: versions{schema.Backward, []string{v1}}, Allow: allowing(t, tierAllowed)}
	report := check(t, req)
	if !report.Compatible {
		t.Error("a stale entry fails the check")
	}
	wantNote(t, report.Notes, "stale", "/fields/2")
	req.Candidates[0].Text = []byte("nothing")
	if report := check(t, req); len(report.Notes) != 0 {
		t.Errorf("stale though nothing was checked: %q", report.Notes)
	}
	req.Candidates = candidate(v2)
	req.Candidates[0].Subject = "another"
	if report := check(t, req); len(report.Notes) != 0 {
		t.Errorf("stale though its subject wasn't checked: %q", report.Notes)
	}
}

func TestBadAllowLists(t *testing.T) {
	entry := func(last string) string {
		return "allow:\n  - {subject: s, rule: r, path: /, reason: x" + last + "}\n"
	}
	for name, test := range map[string]struct {
		text  string
		words []string
	}{
		"no date":          {entry(""), []string{"entry 1", "no expires"}},
		"no reason":        {"allow:\n  - {subject: s, rule: r, path: /, expires: 2026-03-02}\n", []string{"no reason"}},
		"another date":     {entry(", expires: 02.03.2026"), []string{"02.03.2026"}},
		"an unknown key":   {entry(", expires: 2026-03-02, because: y"), []string{"allow.yaml:2:", "because"}},
		"an entry twice":   {entry(", expires: 2026-03-02") + "  - {subject: s, rule: r, path: /, reason: y, expires: 2027-01-01}\n", []string{"entry 2", "twice"}},
		"something else":   {"- a\n", []string{"allow.yaml"}},
		"not YAML at all!": {"\t{", []string{"allow.yaml"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := schema.ReadAllowList(filepath.Join(write(t, "allow.yaml", test.text), "allow.yaml"))
			wantAsked(t, err, test.words...)
		})
	}
}
