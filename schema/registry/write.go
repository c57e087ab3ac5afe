package registry

import (
	"context"
	"fmt"
	"slices"
)

// Writer changes a registry.
type Writer struct{ client *Client }

// NewWriter lets a client's registry be written to.
func NewWriter(c *Client) *Writer { return &Writer{c} }

// Registration is what came of registering a schema.
type Registration struct {
	ID      int
	Version int // 0 when the registry doesn't say; Find does
}

// Register makes a candidate the subject's next version. Registering what the
// subject has already changes nothing and returns the same id. What the
// registry's mode forbids is ErrIncompatible, what it can't read ErrInvalid.
func (w *Writer) Register(ctx context.Context, subject string, candidate Candidate) (Registration, error) {
	q := question{
		attempt: fmt.Sprintf("register a schema in subject %q", subject),
		method:  "POST", path: []string{"subjects", subject, "versions"}, body: candidate.request(), registers: true,
	}
	body, err := w.client.ask(ctx, q)
	if err != nil {
		return Registration{}, err
	}
	var done Registration
	o, err := fields(body)
	if err == nil {
		err = o.into("id", &done.ID)
	}
	if err == nil {
		err = o.optional("version", &done.Version)
	}
	if err != nil {
		return Registration{}, w.client.odd(q, "%v", err)
	}
	if done.ID < 1 || done.Version < 0 {
		return Registration{}, w.client.odd(q, "the id %d and version %d", done.ID, done.Version)
	}
	return done, nil
}

// SetCompatibility sets a subject's own mode, one of the seven in capitals; of an
// empty subject, the global one. The subject need not be registered.
func (w *Writer) SetCompatibility(ctx context.Context, subject, mode string) error {
	q := question{
		attempt: fmt.Sprintf("set the compatibility mode of subject %q", subject),
		method:  "PUT", path: []string{"config", subject}, body: map[string]string{"compatibility": mode},
	}
	if subject == "" {
		q.attempt, q.path = "set the global compatibility mode", []string{"config"}
	}
	if !slices.Contains(modes, mode) {
		return w.client.fail(q, fmt.Errorf("%q is none of %v", mode, modes))
	}
	body, err := w.client.ask(ctx, q)
	if err != nil {
		return err
	}
	var set string
	o, err := fields(body)
	if err == nil {
		err = o.into("compatibility", &set)
	}
	if err == nil && set != mode {
		err = fmt.Errorf("the mode is %q", set)
	}
	if err != nil {
		return w.client.odd(q, "%v", err)
	}
	return nil
}

// UnsetCompatibility removes a subject's own mode, so that the global one counts.
// A subject that has none is no error. Apicurio says yes and keeps a NONE, which
// is an error here, unless the global mode is NONE too: there the two can't be told
// apart, and make no difference.
func (w *Writer) UnsetCompatibility(ctx context.Context, subject string) error {
	q := question{
		attempt: fmt.Sprintf("remove the compatibility mode of subject %q", subject),
		method:  "DELETE", path: []string{"config", subject},
	}
	if _, err := w.client.ask(ctx, q); isUnset(err) {
		return nil
	} else if err != nil {
		return err
	}
	mode, err := w.client.own(ctx, subject)
	if err == nil && mode == "NONE" {
		if global, err := w.client.GlobalCompatibility(ctx); err == nil && global.Mode == mode {
			return nil
		}
	}
	if err == nil && mode != "" {
		e := w.client.odd(q, "done, and yet it is %s", mode)
		e.hint = "set the mode to another one first, and then remove it"
		return e
	}
	return err
}
