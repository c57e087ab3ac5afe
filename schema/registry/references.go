package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// maxReferences bounds what one schema may pull in, so that a registry can't keep
// a client busy for ever.
const maxReferences = 1000

// Referenced is a schema that another refers to, and the name it does so by: for
// Protobuf the path of an import, for Avro a type's full name, for JSON Schema a
// URL.
type Referenced struct {
	Name   string
	Schema Schema
}

// Resolve returns all that the references of a schema in the given subject lead
// to, each once, and each after what it refers to itself. Versions that were
// softly deleted are found as well, since what refers to them is still in use.
// References in a circle are an error.
func (c *Client) Resolve(ctx context.Context, subject string, refs []Reference) ([]Referenced, error) {
	r := resolution{client: c, done: map[Reference]bool{}}
	err := r.follow(ctx, subject, refs)
	return r.found, err
}

// resolution is a walk along references, depth first.
type resolution struct {
	client *Client
	found  []Referenced
	done   map[Reference]bool
	path   []string // from the schema to the one at hand, against circles
}

func (r *resolution) follow(ctx context.Context, within string, refs []Reference) error {
	for _, ref := range refs {
		if r.done[ref] {
			continue
		}
		if len(r.done) == maxReferences {
			return fmt.Errorf("references of subject %q: more than %d", within, maxReferences)
		}
		step := fmt.Sprintf("%s version %d", ref.Subject, ref.Version)
		if slices.Contains(r.path, step) {
			return fmt.Errorf("references of subject %q: they go in a circle: %s", within, strings.Join(append(r.path, step), ", "))
		}
		schema, err := r.fetch(ctx, within, ref)
		if err != nil {
			return err
		}
		r.path = append(r.path, step)
		if err := r.follow(ctx, schema.Subject, schema.References); err != nil {
			return err
		}
		r.path = r.path[:len(r.path)-1]
		r.done[ref] = true
		r.found = append(r.found, Referenced{Name: ref.Name, Schema: *schema})
	}
	return nil
}

// fetch gets the schema that is meant. Within a context a bare subject is the one
// in that context for Confluent's registry; registries that don't know contexts
// take the name as it is.
func (r *resolution) fetch(ctx context.Context, within string, ref Reference) (*Schema, error) {
	subject := ref.Subject
	if !strings.HasPrefix(subject, ":.") {
		subject = contextOf(within) + subject
	}
	schema, err := r.client.Version(ctx, subject, ref.Version, WithDeleted)
	if subject != ref.Subject && errors.Is(err, ErrSubjectNotFound) {
		schema, err = r.client.Version(ctx, ref.Subject, ref.Version, WithDeleted)
	}
	if err != nil {
		return nil, fmt.Errorf("reference %q: %w", ref.Name, err)
	}
	return schema, nil
}

// contextOf is the part of a subject's name that names its context, as in
// ":.staging:" for ":.staging:orders"; empty for the default one.
func contextOf(subject string) string {
	if !strings.HasPrefix(subject, ":.") {
		return ""
	}
	end := strings.Index(subject[1:], ":")
	if end < 0 {
		return ""
	}
	return subject[:end+2]
}
