package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"golang.org/x/sync/errgroup"
)

// The types of schemas, as registries call them.
const (
	Avro     = "AVRO"
	JSON     = "JSON"
	Protobuf = "PROTOBUF"
)

// Reference is a schema's mention of another: the name it is mentioned by, and
// the version that is meant.
type Reference struct {
	Name    string `json:"name"`
	Subject string `json:"subject"`
	Version int    `json:"version"`
}

// Schema is a registered schema. One that was asked for by its id or GUID has no
// Subject and Version: it may have several.
type Schema struct {
	Subject    string
	Version    int    // from 1
	ID         int    // in the registry; 0 when it isn't said
	GUID       string // empty when it isn't said
	Type       string // Avro, JSON or Protobuf
	Schema     string // its text
	References []Reference
	Deleted    bool // softly: known to the registry, and left out of its checks
}

// Which says whether what was softly deleted counts.
type Which bool

const (
	Live        Which = false // only what isn't deleted
	WithDeleted Which = true
)

func (w Which) query() string {
	if w == WithDeleted {
		return "deleted=true"
	}
	return ""
}

// Subjects lists the names of all subjects, sorted, those of all contexts
// included.
func (c *Client) Subjects(ctx context.Context, which Which) ([]string, error) {
	q := question{attempt: "list of subjects", path: []string{"subjects"}, query: which.query()}
	body, err := c.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	subjects, err := list[string](body)
	if err != nil {
		return nil, c.odd(q, "%v", err)
	}
	slices.Sort(subjects)
	return subjects, nil
}

// Versions lists a subject's versions, ascending. A subject that the registry
// doesn't have is ErrSubjectNotFound. One without any version that counts is too,
// as registries disagree whether there is such a thing.
func (c *Client) Versions(ctx context.Context, subject string, which Which) ([]int, error) {
	q := question{
		attempt: fmt.Sprintf("versions of subject %q", subject),
		path:    []string{"subjects", subject, "versions"}, query: which.query(),
	}
	body, err := c.ask(ctx, q)
	if errors.Is(err, ErrNoRegistry) {
		return nil, c.unexplained(ctx, q, subject, err)
	}
	if err != nil {
		return nil, err
	}
	versions, err := list[int](body)
	if err != nil {
		return nil, c.odd(q, "%v", err)
	}
	if len(versions) == 0 {
		return nil, c.fail(q, ErrSubjectNotFound)
	}
	slices.Sort(versions)
	if versions[0] < 1 || len(slices.Compact(slices.Clone(versions))) < len(versions) {
		return nil, c.odd(q, "the versions %v", versions)
	}
	return versions, nil
}

// unexplained decides what a 404 means that has no code of the registry's: not
// all give one. Only when the list of subjects is there and lacks this one is it
// the subject that is missing, and not the registry.
func (c *Client) unexplained(ctx context.Context, q question, subject string, err error) error {
	subjects, listErr := c.Subjects(ctx, WithDeleted)
	if listErr != nil || slices.Contains(subjects, subject) {
		return err
	}
	return c.fail(q, ErrSubjectNotFound)
}

// Version returns one version of a subject.
func (c *Client) Version(ctx context.Context, subject string, version int, which Which) (*Schema, error) {
	q := question{
		attempt: fmt.Sprintf("version %d of subject %q", version, subject),
		path:    []string{"subjects", subject, "versions", strconv.Itoa(version)}, query: which.query(),
	}
	s, err := c.schema(ctx, q)
	if err != nil {
		return nil, err
	}
	if s.Version != version {
		return nil, c.odd(q, "version %d instead", s.Version)
	}
	return s, nil
}

// Latest returns a subject's latest version.
func (c *Client) Latest(ctx context.Context, subject string) (*Schema, error) {
	q := question{
		attempt: fmt.Sprintf("latest version of subject %q", subject),
		path:    []string{"subjects", subject, "versions", "latest"},
	}
	s, err := c.schema(ctx, q)
	if err == nil && s.Version < 1 {
		return nil, c.odd(q, "no version with it")
	}
	return s, err
}

// ByID returns the schema with an id. Ids count within a context: for a subject
// in one, name it; else the subject may be empty.
func (c *Client) ByID(ctx context.Context, id int, subject string) (*Schema, error) {
	q := question{attempt: fmt.Sprintf("schema %d", id), path: []string{"schemas", "ids", strconv.Itoa(id)}}
	if subject != "" {
		q.query = "subject=" + escape(subject)
	}
	s, err := c.schema(ctx, q)
	if err != nil {
		return nil, err
	}
	s.ID = id
	return s, nil
}

// ByGUID returns the schema with a GUID, the id that is the same in all contexts
// and registries. Confluent's has them from 7.9 on, most others don't.
func (c *Client) ByGUID(ctx context.Context, guid string) (*Schema, error) {
	s, err := c.schema(ctx, question{attempt: fmt.Sprintf("schema %q", guid), path: []string{"schemas", "guids", guid}})
	if err != nil {
		return nil, err
	}
	s.GUID = guid
	return s, nil
}

// History returns all versions of a subject with their schemas, ascending. With
// WithDeleted it has the softly deleted ones too, marked as such.
func (c *Client) History(ctx context.Context, subject string, which Which) ([]Schema, error) {
	versions, err := c.Versions(ctx, subject, which)
	if err != nil {
		return nil, err
	}
	live := versions
	if which == WithDeleted {
		if live, err = c.Versions(ctx, subject, Live); err != nil && !errors.Is(err, ErrSubjectNotFound) {
			return nil, err
		}
	}
	history := make([]Schema, len(versions))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for i, version := range versions {
		group.Go(func() error {
			s, err := c.Version(ctx, subject, version, which)
			if err == nil {
				history[i] = *s
				history[i].Deleted = !slices.Contains(live, version)
			}
			return err
		})
	}
	return history, group.Wait()
}

// schema asks for a schema and reads it.
func (c *Client) schema(ctx context.Context, q question) (*Schema, error) {
	body, err := c.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	s, err := readSchema(body)
	if err != nil {
		return nil, c.odd(q, "%v", err)
	}
	return s, nil
}

func readSchema(body []byte) (*Schema, error) {
	o, err := fields(body)
	if err != nil {
		return nil, err
	}
	s := &Schema{Type: Avro} // registries leave it out
	err = errors.Join(
		o.into("schema", &s.Schema), o.optional("schemaType", &s.Type),
		o.optional("subject", &s.Subject), o.optional("version", &s.Version),
		o.optional("id", &s.ID), o.optional("guid", &s.GUID), o.optional("references", &s.References),
	)
	switch {
	case err != nil:
		return nil, err
	case s.Schema == "":
		return nil, errors.New("an empty schema")
	case s.Type != Avro && s.Type != JSON && s.Type != Protobuf:
		return nil, fmt.Errorf("a schema of type %q, which is none of %s, %s and %s", s.Type, Avro, JSON, Protobuf)
	}
	for _, ref := range s.References {
		if ref.Subject == "" || ref.Version < 1 {
			return nil, fmt.Errorf("a reference to version %d of subject %q", ref.Version, ref.Subject)
		}
	}
	return s, nil
}
