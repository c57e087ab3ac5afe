package schema

import (
	"fmt"
	"time"
)

// Allowance lets one known break pass.
type Allowance struct {
	Subject string `yaml:"subject"`
	Rule    string `yaml:"rule"`
	Path    string `yaml:"path"` // as in the report
	Reason  string `yaml:"reason"`
	Expires string `yaml:"expires"` // a date, the last day on which it holds, in UTC

	lastDay time.Time
}

// AllowList is the breaks that a project knows of and accepts. In YAML:
//
//	allow:
//	  - subject: order-events-value
//	    rule: reader-field-missing-default-value
//	    path: /fields/4
//	    reason: both consumers were moved to order-events-2
//	    expires: 2026-12-31
type AllowList struct {
	path    string
	entries []Allowance
}

// ReadAllowList reads an allow list. An entry without subject, rule, path, reason
// or date, and one that occurs twice, is a *[RequestError]. That one has expired
// is not: what it allowed then fails, and the report says why.
func ReadAllowList(path string) (*AllowList, error) {
	var file struct {
		Allow []Allowance `yaml:"allow"`
	}
	if err := readYAML("allow list", path, &file); err != nil {
		return nil, err
	}
	seen := map[[3]string]bool{}
	for i := range file.Allow {
		a := &file.Allow[i]
		for _, field := range []struct{ name, value string }{
			{"subject", a.Subject}, {"rule", a.Rule}, {"path", a.Path}, {"reason", a.Reason}, {"expires", a.Expires},
		} {
			if field.value == "" {
				return nil, askedf("each entry has subject, rule, path, reason and expires", "allow list %s: entry %d has no %s", path, i+1, field.name)
			}
		}
		var err error
		if a.lastDay, err = time.Parse(time.DateOnly, a.Expires); err != nil {
			return nil, askedf("such as 2026-12-31", "allow list %s: entry %d: expires %q is no date", path, i+1, a.Expires)
		}
		if key := a.key(); seen[key] {
			return nil, askedf("keep one of them", "allow list %s: entry %d is there twice", path, i+1)
		}
		seen[a.key()] = true
	}
	return &AllowList{path, file.Allow}, nil
}

func (a *Allowance) key() [3]string { return [3]string{a.Subject, a.Rule, a.Path} }

func (a *Allowance) matches(subject string, p Problem) bool {
	return a.Subject == subject && a.Rule == p.Rule && a.Path == p.Path
}

func (a *Allowance) expired(now time.Time) bool { return !now.Before(a.lastDay.AddDate(0, 0, 1)) }

func (a *Allowance) String() string {
	return fmt.Sprintf("%s at %s of %s", a.Rule, a.Path, a.Subject)
}

// apply lets known problems of a result pass.
func (l *AllowList) apply(r *Result, now time.Time) {
	if l == nil {
		return
	}
	for i := range l.entries {
		a := &l.entries[i]
		used := false
		for j := range r.Problems {
			p := &r.Problems[j]
			if p.Overruled || !a.matches(r.Subject, *p) {
				continue
			}
			used = true
			if !a.expired(now) {
				p.Allowed, p.AllowedFor = true, a.Reason
			}
		}
		if used && a.expired(now) {
			r.Notes = append(r.Notes, fmt.Sprintf("the allowance for %s expired on %s (%s); renew it in %s or mend the break", a, a.Expires, a.Reason, l.path))
		}
	}
}

// stale points out entries that let nothing pass. Those for subjects that weren't
// checked, or not to the end, may still be needed.
func (l *AllowList) stale(report *Report) []string {
	if l == nil {
		return nil
	}
	var notes []string
	for i := range l.entries {
		a := &l.entries[i]
		for _, r := range report.Results {
			if r.Subject != a.Subject || r.Error != nil || a.used(r) {
				continue
			}
			if rule := a.otherRule(r); rule != "" {
				notes = append(notes, fmt.Sprintf("%s: the allowance for %s lets nothing pass: what breaks at that path is %s", l.path, a, rule))
				continue
			}
			notes = append(notes, fmt.Sprintf("%s: the allowance for %s is stale: nothing breaks there any more; remove it", l.path, a))
		}
	}
	return notes
}

// otherRule is the rule of a break at the same path; empty when nothing breaks there.
func (a *Allowance) otherRule(r Result) string {
	for _, p := range r.Problems {
		if p.Path == a.Path {
			return p.Rule
		}
	}
	return ""
}

func (a *Allowance) used(r Result) bool {
	for _, p := range r.Problems {
		if a.matches(r.Subject, p) {
			return true
		}
	}
	return false
}
