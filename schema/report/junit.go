package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/evtctl/evtctl/schema"
)

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	File    string        `xml:"file,attr"`
	Error   *junitOutcome `xml:"error,omitempty"`
	Failure *junitOutcome `xml:"failure,omitempty"`
	Out     string        `xml:"system-out,omitempty"`
}

type junitOutcome struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// JUnit writes one test case for each candidate, named after its subject. All its
// problems are in one failure, as most readers take one only.
func JUnit(w io.Writer, r *schema.Report, o Options) error {
	suite := junitSuite{Name: "against " + r.Against}
	for _, result := range r.Results {
		c := junitCaseOf(result, o)
		suite.Tests++
		if c.Failure != nil {
			suite.Failures++
		}
		if c.Error != nil {
			suite.Errors++
		}
		suite.Cases = append(suite.Cases, c)
	}
	all := junitSuites{
		Name: "evtctl schema check", Tests: suite.Tests, Failures: suite.Failures, Errors: suite.Errors, Suites: []junitSuite{suite},
	}
	body, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("writing JUnit's form: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, body)
	return err
}

func junitCaseOf(r schema.Result, o Options) junitCase {
	c := junitCase{Name: r.Subject, Class: "schema." + string(r.Format), File: o.file(r.Path)}
	var failing, passing []string
	first := ""
	for _, p := range r.Problems {
		line := fmt.Sprintf("%s:%d:%d: %s %s: %s", o.file(p.File), p.Line, p.Column, p.Rule, p.Path, text(p))
		if p.Allowed || p.Overruled {
			passing = append(passing, line)
			continue
		}
		failing = append(failing, line)
		if first == "" {
			first = p.Rule
		}
	}
	if s := sampled(r.Sample); s != "" {
		failing = append(failing, s)
		if first == "" {
			first = "sample"
		}
	}
	switch {
	case len(failing) > 0:
		message := fmt.Sprintf("incompatible with %s by mode %s: %d problems", r.Subject, r.Mode, len(failing))
		if len(failing) == 1 {
			message = fmt.Sprintf("incompatible with %s by mode %s: 1 problem", r.Subject, r.Mode)
		}
		c.Failure = &junitOutcome{message, first, strings.Join(failing, "\n\n")}
	case r.Error != nil:
		c.Error = &junitOutcome{"couldn't be checked", "unchecked", failure(r.Error)}
	}
	if r.Error != nil && c.Failure != nil {
		passing = append(passing, failure(r.Error))
	}
	c.Out = strings.Join(append(append(passing, r.Notes...), r.Deploy), "\n")
	return c
}
