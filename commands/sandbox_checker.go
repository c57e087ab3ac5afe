package commands

import (
	"context"
	"errors"
	"fmt"

	"github.com/evtctl/evtctl/internal/sandbox"
	"github.com/evtctl/evtctl/schema"
)

// SchemaChecker lets a sandbox's registry refuse what "evtctl schema check" finds
// incompatible, for the same reasons.
type SchemaChecker struct{}

// CheckSchema is the method of [sandbox.Checker].
func (SchemaChecker) CheckSchema(ctx context.Context, mode string, candidate sandbox.Schema, versions []sandbox.Schema) ([]string, error) {
	format, err := schema.ParseFormat(candidate.Type)
	if err != nil {
		return nil, err
	}
	demanded := schema.Mode(mode)
	if demanded != schema.None {
		demanded += "_TRANSITIVE" // which versions count has been seen to
	}
	report, err := schema.Check(ctx, schema.Request{
		Candidates: []schema.Candidate{{Path: "the new schema", Format: format, Text: []byte(candidate.Text)}},
		Available:  schema.NewPool(sources(candidate)),
		Baseline:   sandboxVersions(versions),
		Mode:       demanded,
	})
	if err != nil {
		return nil, err
	}
	result := &report.Results[0]
	if result.Error != nil {
		return nil, errors.New(result.Error.Message)
	}
	var reasons []string
	for _, p := range result.Problems {
		reasons = append(reasons, fmt.Sprintf("%s (%s at %s)", p.Message, p.Rule, p.Path))
	}
	return reasons, nil
}

// sandboxVersions is a baseline of the versions that a sandbox's registry hands over.
type sandboxVersions []sandbox.Schema

func (sandboxVersions) String() string { return "the sandbox's registry" }

// History is the method of [schema.Baseline].
func (v sandboxVersions) History(context.Context, schema.Lookup) (*schema.History, error) {
	h := &schema.History{New: len(v) == 0}
	for _, s := range v {
		format, err := schema.ParseFormat(s.Type)
		if err != nil {
			return nil, err
		}
		h.Versions = append(h.Versions, schema.Version{
			Number: schema.VersionNumber(s.Version), Label: fmt.Sprintf("version %d", s.Version),
			Format: format, Text: []byte(s.Text), Refs: sources(s),
		})
	}
	return h, nil
}

// sources are what a schema refers to. Each needs a path of its own.
func sources(s sandbox.Schema) []schema.Source {
	list := []schema.Source{}
	for _, ref := range s.References {
		list = append(list, schema.Source{
			Name: ref.Name, Path: fmt.Sprintf("reference %q", ref.Name), Text: []byte(ref.Text),
		})
	}
	return list
}
