package registry

import (
	"context"
	"fmt"
	"strconv"

	"golang.org/x/sync/errgroup"
)

// Candidate is a schema that isn't registered, or not known to be.
type Candidate struct {
	Type       string // Avro when empty
	Schema     string
	References []Reference
}

// request is the form in which registries want a candidate.
func (s Candidate) request() any {
	r := struct {
		Type       string      `json:"schemaType,omitempty"`
		Schema     string      `json:"schema"`
		References []Reference `json:"references,omitempty"`
	}{s.Type, s.Schema, s.References}
	if r.Type == Avro {
		r.Type = "" // what old registries know of types is that there are none
	}
	return r
}

// Verdict is the registry's own on a candidate and one version.
type Verdict struct {
	Version    int
	Compatible bool
	// Messages are the registry's reasons. Not all give any: their absence says
	// nothing.
	Messages []string
}

// Check asks whether a candidate is compatible with one version of a subject. The
// rules are those of the registry's own mode for the subject, see
// [Client.Compatibility]; with NONE everything is compatible. Apicurio refuses
// every candidate with references as invalid here, though it registers them.
func (c *Client) Check(ctx context.Context, subject string, version int, candidate Candidate) (Verdict, error) {
	q := question{
		attempt: fmt.Sprintf("check against version %d of subject %q", version, subject),
		method:  "POST", path: []string{"compatibility", "subjects", subject, "versions", strconv.Itoa(version)},
		query: "verbose=true", body: candidate.request(),
	}
	body, err := c.ask(ctx, q)
	if err != nil {
		return Verdict{}, err
	}
	v := Verdict{Version: version}
	o, err := fields(body)
	if err == nil {
		err = o.into("is_compatible", &v.Compatible)
	}
	if err == nil {
		err = o.optional("messages", &v.Messages)
	}
	if err != nil {
		return Verdict{}, c.odd(q, "%v", err)
	}
	return v, nil
}

// CheckEach is Check for several versions at the same time, with the verdicts in
// the order of the versions. It gives all verdicts or none.
func (c *Client) CheckEach(ctx context.Context, subject string, versions []int, candidate Candidate) ([]Verdict, error) {
	verdicts := make([]Verdict, len(versions))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for i, version := range versions {
		group.Go(func() (err error) {
			verdicts[i], err = c.Check(ctx, subject, version, candidate)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return verdicts, nil
}

// Find returns the version under which a subject has a candidate already;
// ErrSchemaNotFound, or ErrSubjectNotFound, when it doesn't.
func (c *Client) Find(ctx context.Context, subject string, candidate Candidate) (*Schema, error) {
	q := question{
		attempt: fmt.Sprintf("search for a schema in subject %q", subject),
		method:  "POST", path: []string{"subjects", subject}, body: candidate.request(),
	}
	s, err := c.schema(ctx, q)
	if err == nil && (s.Version < 1 || s.ID < 1) {
		return nil, c.odd(q, "version %d with id %d", s.Version, s.ID)
	}
	return s, err
}
