package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/evtctl/evtctl/schema"
)

// Rules of the report's own, beside those of problems.
const (
	ruleUnchecked = "unchecked"
	ruleSample    = "unreadable-record"
)

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool        sarifTool         `json:"tool"`
	Invocations []sarifInvocation `json:"invocations"`
	ColumnKind  string            `json:"columnKind"`
	Results     []sarifResult     `json:"results"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name           string      `json:"name"`
	Version        string      `json:"version,omitempty"`
	InformationURI string      `json:"informationUri"`
	Rules          []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID               string       `json:"id"`
	ShortDescription sarifMessage `json:"shortDescription"`
}

type sarifMessage struct {
	Text string `json:"text"`
}

type sarifInvocation struct {
	ExecutionSuccessful bool                `json:"executionSuccessful"`
	Notifications       []sarifNotification `json:"toolExecutionNotifications,omitempty"`
}

type sarifNotification struct {
	Level   string       `json:"level"`
	Message sarifMessage `json:"message"`
}

type sarifResult struct {
	RuleID       string             `json:"ruleId"`
	RuleIndex    int                `json:"ruleIndex"`
	Level        string             `json:"level"`
	Message      sarifMessage       `json:"message"`
	Locations    []sarifLocation    `json:"locations"`
	Fingerprints map[string]string  `json:"partialFingerprints"`
	Suppressions []sarifSuppression `json:"suppressions,omitempty"`
}

type sarifSuppression struct {
	Kind          string `json:"kind"`
	Justification string `json:"justification"`
}

type sarifLocation struct {
	Physical sarifPhysical  `json:"physicalLocation"`
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   *sarifRegion  `json:"region,omitempty"`
}

type sarifArtifact struct {
	URI    string `json:"uri"`
	BaseID string `json:"uriBaseId,omitempty"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn,omitempty"`
}

type sarifLogical struct {
	FullyQualifiedName string `json:"fullyQualifiedName"`
}

// SARIF writes a log of version 2.1.0 with one result for each problem. Allowed ones
// are suppressed with their reason. Fingerprints don't depend on lines, so that a
// finding stays the same one when a file is laid out anew.
func SARIF(w io.Writer, r *schema.Report, o Options) error {
	s := sarifWriter{o: o, run: sarifRun{
		Tool:       sarifTool{sarifDriver{Name: "evtctl", Version: o.Version, InformationURI: "https://github.com/evtctl/evtctl", Rules: []sarifRule{}}},
		ColumnKind: "unicodeCodePoints", Results: []sarifResult{},
	}}
	invocation := sarifInvocation{ExecutionSuccessful: true}
	for _, result := range r.Results {
		s.add(result)
		if result.Error != nil {
			invocation.ExecutionSuccessful = false
		}
		for _, note := range append(result.Notes[:len(result.Notes):len(result.Notes)], result.Deploy) {
			invocation.Notifications = append(invocation.Notifications, sarifNotification{"note", sarifMessage{result.Subject + ": " + note}})
		}
	}
	for _, note := range r.Notes {
		invocation.Notifications = append(invocation.Notifications, sarifNotification{"warning", sarifMessage{note}})
	}
	s.run.Invocations = []sarifInvocation{invocation}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(sarifLog{
		Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{s.run},
	})
}

// sarifWriter gathers the results and rules of a run.
type sarifWriter struct {
	o   Options
	run sarifRun
}

func (s *sarifWriter) add(r schema.Result) {
	for _, p := range r.Problems {
		result := s.result(p.Rule, text(p), p.File, p.Line, p.Column, r.Subject, p.Path, p.Against, string(p.Direction))
		if p.Field != "" {
			result.Locations[0].Logical = []sarifLogical{{p.Field}}
		}
		if p.Overruled {
			result.Level = "note"
		}
		if p.Allowed {
			result.Suppressions = []sarifSuppression{{"external", p.AllowedFor}}
		}
		s.run.Results = append(s.run.Results, result)
	}
	if text := sampled(r.Sample); text != "" {
		s.run.Results = append(s.run.Results, s.result(ruleSample, text, r.Path, 0, 0, r.Subject))
	}
	if e := r.Error; e != nil {
		file := r.Path
		if e.File != "" {
			file = e.File
		}
		s.run.Results = append(s.run.Results, s.result(ruleUnchecked, failure(e), file, e.Line, e.Column, r.Subject))
	}
}

// result makes an error. What identifies it are its rule and the parts.
func (s *sarifWriter) result(rule, text, file string, line, column int, parts ...string) sarifResult {
	sum := sha256.Sum256([]byte(strings.Join(append([]string{rule}, parts...), "\x00")))
	location := sarifPhysical{Artifact: artifact(s.o.file(file))}
	if line > 0 {
		location.Region = &sarifRegion{line, column}
	}
	return sarifResult{
		RuleID: rule, RuleIndex: s.rule(rule), Level: "error", Message: sarifMessage{text},
		Locations:    []sarifLocation{{Physical: location}},
		Fingerprints: map[string]string{"evtctl/v1": hex.EncodeToString(sum[:16])},
	}
}

// rule declares a rule and returns its index.
func (s *sarifWriter) rule(id string) int {
	rules := &s.run.Tool.Driver.Rules
	i := slices.IndexFunc(*rules, func(r sarifRule) bool { return r.ID == id })
	if i < 0 {
		i = len(*rules)
		*rules = append(*rules, sarifRule{id, sarifMessage{describe(id)}})
	}
	return i
}

// describe says what a rule is about; a rule that isn't known here by its name.
func describe(rule string) string {
	if words, ok := descriptions[rule]; ok {
		return words
	}
	return fmt.Sprintf("Schema compatibility: %s", strings.ReplaceAll(rule, "-", " "))
}

var descriptions = map[string]string{
	ruleUnchecked:                        "The schema couldn't be checked",
	ruleSample:                           "Records of the topic can't be read with the new schema",
	schema.RuleFormat:                    "The subject's versions are in another schema language",
	schema.RuleRegistry:                  "The registry refuses the schema",
	"name-mismatch":                      "A type has another name, and no alias for the old one",
	"fixed-size-mismatch":                "A fixed type has another size",
	"missing-enum-symbols":               "The reader's enum lacks symbols and has no default",
	"reader-field-missing-default-value": "A field that the writer doesn't have has no default",
	"type-mismatch":                      "A type can't be read as the other",
	"missing-union-branch":               "The reader's union lacks a type that the writer may write",
	"ambiguous-alias":                    "A field matches several of the writer's fields",
}

// artifact is a file as a URI: relative to the repository where it is within.
func artifact(file string) sarifArtifact {
	if strings.HasPrefix(file, "/") {
		return sarifArtifact{URI: (&url.URL{Scheme: "file", Path: file}).String()}
	}
	return sarifArtifact{URI: (&url.URL{Path: file}).String(), BaseID: "%SRCROOT%"}
}
