package schema

import (
	"strconv"
)

// ReportVersion is the version of the JSON form of a [Report]. It changes when a
// field changes its meaning or goes, not when one is added.
const ReportVersion = 1

// Report is the answer to a check. Its JSON form is what scripts read.
type Report struct {
	Version int `json:"version"`
	// Compatible is true when every result is, and every one could be checked.
	Compatible bool     `json:"compatible"`
	Against    string   `json:"against"` // the baseline, in words
	Results    []Result `json:"results"` // sorted by path and subject
	// Notes concern no single result, such as allowances that nothing needs.
	Notes []string `json:"notes"`
}

// Outcome is a report in one word.
type Outcome string

const (
	Compatible   Outcome = "compatible"
	Incompatible Outcome = "incompatible"
	// Unchecked: nothing was found incompatible, but something couldn't be checked.
	Unchecked Outcome = "unchecked"
)

// Outcome sums a report up. Incompatible wins over Unchecked: what was found stays
// true when the rest is checked.
func (r *Report) Outcome() Outcome {
	outcome := Compatible
	if !r.Compatible {
		outcome = Unchecked // also a report without results: nothing was checked
	}
	for _, result := range r.Results {
		if result.Outcome() == Incompatible {
			return Incompatible
		}
	}
	return outcome
}

// Result is what was found about one candidate.
type Result struct {
	Path    string `json:"path"`
	Subject string `json:"subject"`
	Format  Format `json:"format"`
	// Mode is what was demanded, and ModeFrom where that comes from: "request",
	// "mapping", "subject", "context", "global" or "default". Both are empty when
	// that couldn't be found out.
	Mode     Mode   `json:"mode"`
	ModeFrom string `json:"mode_from"`
	// Compatible is false as well when Error isn't nil.
	Compatible bool `json:"compatible"`
	// NewSubject: the baseline has no version, so that there is nothing to break.
	NewSubject bool `json:"new_subject"`
	// CheckedAgainst names the versions that were compared, oldest first.
	CheckedAgainst []string `json:"checked_against"`
	// RegistryVerdict is nil when the registry wasn't asked.
	RegistryVerdict *Outcome `json:"registry_verdict"`
	// Rules says whose rules gave the local answer, and Advisory that they don't bind
	// a registry.
	Rules    string `json:"rules"`
	Advisory bool   `json:"advisory"`
	// DeployFirst is who has to be deployed first; Deploy says it in a sentence.
	DeployFirst Side          `json:"deploy_first"`
	Deploy      string        `json:"deploy"`
	Problems    []Problem     `json:"problems"` // by version, newest first, then in the order of the schema
	Notes       []string      `json:"notes"`
	Sample      *SampleResult `json:"sample"` // nil when none was asked for
	Error       *ResultError  `json:"error"`  // why it couldn't be checked; nil when it could

	// References are the registered schemas that the candidate refers to: what has to
	// be named when it is registered.
	References []Reference `json:"-"`
}

// Outcome is a result in one word.
func (r *Result) Outcome() Outcome {
	switch {
	case r.Breaks() > 0 || r.Sample.fails():
		return Incompatible
	case r.Error != nil || !r.Compatible:
		return Unchecked
	}
	return Compatible
}

// Breaks counts the problems that neither an allowance nor a registry's verdict
// lets pass.
func (r *Result) Breaks() int {
	n := 0
	for _, p := range r.Problems {
		if !p.Allowed && !p.Overruled {
			n++
		}
	}
	return n
}

// Problem is one thing that breaks, against one version.
type Problem struct {
	Path    string `json:"path"`  // a JSON pointer into the reader's schema
	Field   string `json:"field"` // as people write it; empty for the schema itself
	Rule    string `json:"rule"`
	Message string `json:"message"` // what breaks for whom
	// Direction is "backward" (the new schema can't read old data) or "forward".
	Direction Direction `json:"direction"`
	// Reader and Writer are the parts of the schemas that don't go together, in words.
	Reader string `json:"reader"`
	Writer string `json:"writer"`
	// AgainstVersion is null where versions have no numbers, as in git; Against
	// names the version in any case.
	AgainstVersion VersionNumber `json:"against_version"`
	Against        string        `json:"against"`
	Fix            string        `json:"fix"` // a way out
	// Allowed: an entry of the allow list lets it pass, for AllowedFor's reason.
	Allowed    bool   `json:"allowed"`
	AllowedFor string `json:"allowed_for"`
	// Overruled: local rules object, the registry's verdict, which decides, doesn't.
	Overruled bool `json:"overruled"`
	// File, Line and Column are where the candidate has it: File is its path, or that
	// of a schema it refers to. Line and Column count from 1, 0 is unknown.
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// Old and New are the two parts in the order of time.
func (p Problem) Old() string {
	if p.Direction == OldReadsNew {
		return p.Reader
	}
	return p.Writer
}

// New is the candidate's part; see Old.
func (p Problem) New() string {
	if p.Direction == OldReadsNew {
		return p.Writer
	}
	return p.Reader
}

// ResultError is why a candidate couldn't be checked.
type ResultError struct {
	Message string `json:"message"`
	Hint    string `json:"hint"` // the next step; may be empty
	// File, Line and Column are where the mistake is; zero when it is none in a file.
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Err    error  `json:"-"`
}

// VersionNumber is a version's number, from 1. 0 is for versions without one, null
// in JSON.
type VersionNumber int

// MarshalJSON writes the number, or null.
func (v VersionNumber) MarshalJSON() ([]byte, error) {
	if v == 0 {
		return []byte("null"), nil
	}
	return strconv.AppendInt(nil, int64(v), 10), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (v *VersionNumber) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*v = 0
		return nil
	}
	n, err := strconv.Atoi(string(text))
	*v = VersionNumber(n)
	return err
}
