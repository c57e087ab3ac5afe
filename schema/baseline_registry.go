package schema

import (
	"context"
	"errors"
	"fmt"

	"github.com/evtctl/evtctl/schema/registry"
)

// Registry is what a registry baseline asks. A *registry.Client fits.
type Registry interface {
	URL() string
	Compatibility(ctx context.Context, subject string) (registry.Compatibility, error)
	Latest(ctx context.Context, subject string) (*registry.Schema, error)
	History(ctx context.Context, subject string, which registry.Which) ([]registry.Schema, error)
	Resolver
}

// Resolver finds what registered schemas refer to. A *registry.Client fits.
type Resolver interface {
	Resolve(ctx context.Context, subject string, refs []registry.Reference) ([]registry.Referenced, error)
}

// registryBaseline is a registry.
type registryBaseline struct{ r Registry }

// InRegistry is the baseline of a registry's versions and modes.
func InRegistry(r Registry) Baseline { return registryBaseline{r} }

func (b registryBaseline) String() string { return "registry " + b.r.URL() }

// History asks for the mode first: most need the latest version only. It asks even
// when another mode is demanded, as the registry's own verdicts go by its mode.
func (b registryBaseline) History(ctx context.Context, of Lookup) (*History, error) {
	c, err := b.r.Compatibility(ctx, of.Subject)
	if err != nil {
		return nil, whole(err)
	}
	h := &History{Subject: of.Subject, Mode: Mode(c.Mode), ModeFrom: string(c.From)}
	if of.Mode == "" {
		of.Mode = h.Mode
	}
	schemas, err := b.versions(ctx, of)
	if errors.Is(err, registry.ErrSubjectNotFound) {
		h.New = true
		return h, nil
	}
	if err != nil {
		return nil, whole(err)
	}
	for _, s := range schemas {
		version, err := b.version(ctx, of.Subject, s)
		if err != nil {
			return nil, err
		}
		h.Versions = append(h.Versions, version)
	}
	return h, nil
}

func (b registryBaseline) versions(ctx context.Context, of Lookup) ([]registry.Schema, error) {
	switch {
	case of.Deleted:
		return b.r.History(ctx, of.Subject, registry.WithDeleted)
	case of.Mode.Transitive():
		return b.r.History(ctx, of.Subject, registry.Live)
	}
	latest, err := b.r.Latest(ctx, of.Subject)
	if err != nil {
		return nil, err
	}
	return []registry.Schema{*latest}, nil
}

func (b registryBaseline) version(ctx context.Context, subject string, s registry.Schema) (Version, error) {
	format, err := ParseFormat(s.Type)
	if err != nil {
		return Version{}, fmt.Errorf("version %d of subject %q: %v", s.Version, subject, err) // nobody asked wrongly
	}
	v := Version{Number: VersionNumber(s.Version), Label: fmt.Sprintf("version %d", s.Version), Format: format, Text: []byte(s.Schema), Deleted: s.Deleted}
	if s.Deleted {
		v.Label += " (deleted)"
	}
	for _, ref := range s.References {
		v.References = append(v.References, Reference(ref))
	}
	v.Refs, err = resolve(ctx, b.r, subject, v.References)
	return v, err
}

// resolve fetches what references lead to.
func resolve(ctx context.Context, r Resolver, subject string, refs []Reference) ([]Source, error) {
	if len(refs) == 0 {
		return nil, nil
	}
	list := make([]registry.Reference, len(refs))
	for i, ref := range refs {
		list[i] = registry.Reference(ref)
	}
	found, err := r.Resolve(ctx, subject, list)
	if err != nil {
		return nil, whole(err)
	}
	sources := make([]Source, len(found))
	for i, f := range found {
		sources[i] = Source{
			Name: f.Name, Path: fmt.Sprintf("subject %q, version %d", f.Schema.Subject, f.Schema.Version),
			Text: []byte(f.Schema.Schema),
		}
	}
	return sources, nil
}

// whole tells errors that every other question would meet too.
func whole(err error) error {
	var e *registry.Error
	unanswered := errors.As(err, &e) && e.Status == 0 && !errors.Is(err, context.Canceled)
	if unanswered || errors.Is(err, registry.ErrUnauthorized) || errors.Is(err, registry.ErrNoRegistry) || errors.Is(err, registry.ErrRedirected) {
		return &BaselineError{err}
	}
	return err
}
