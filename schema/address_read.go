package schema

import (
	"context"
	"errors"
	"fmt"

	"github.com/evtctl/evtctl/schema/registry"
)

// Shelf has registered schemas. A *registry.Client fits.
type Shelf interface {
	Latest(ctx context.Context, subject string) (*registry.Schema, error)
	Version(ctx context.Context, subject string, version int, which registry.Which) (*registry.Schema, error)
	Resolver
}

// Find asks a registry for the schema at an address. A version that was asked for by
// its number is found when it was softly deleted, too, and marked so.
func (a Address) Find(ctx context.Context, s Shelf) (*registry.Schema, error) {
	if a.Version == 0 {
		return s.Latest(ctx, a.Subject)
	}
	found, err := s.Version(ctx, a.Subject, a.Version, registry.Live)
	if !errors.Is(err, registry.ErrVersionNotFound) && !errors.Is(err, registry.ErrSubjectNotFound) {
		return found, err
	}
	found, deletedErr := s.Version(ctx, a.Subject, a.Version, registry.WithDeleted)
	if deletedErr != nil {
		return nil, err
	}
	found.Deleted = true
	return found, nil
}

// ReadPair reads the two schemas to compare. The shelf is asked only for an address
// in a registry, and may be nil when neither is. Files find what they refer to among the files and folders of refs,
// and in what the other side refers to in the registry.
func ReadPair(ctx context.Context, s Shelf, from, to Address, refs []string) (old, now Compared, err error) {
	files, unmarked, err := findFiles(refs, "")
	if err != nil {
		return old, now, err
	}
	files = append(files, unmarked...)
	sides := []*Compared{&old, &now}
	for i, a := range []Address{from, to} {
		if a.File == "" {
			if *sides[i], err = a.shelved(ctx, s); err != nil {
				return old, now, err
			}
		}
	}
	available := poolOf(files)
	shelved := append(append([]Source{}, old.Refs...), now.Refs...)
	for i, a := range []Address{from, to} {
		if a.File != "" {
			if *sides[i], err = a.filed(ctx, available, shelved, sides[1-i].Format); err != nil {
				return old, now, err
			}
		}
	}
	return old, now, nil
}

// shelved reads a schema out of a registry.
func (a Address) shelved(ctx context.Context, s Shelf) (Compared, error) {
	found, err := a.Find(ctx, s)
	if err != nil {
		return Compared{}, err
	}
	format, err := ParseFormat(found.Type)
	if err != nil {
		return Compared{}, fmt.Errorf("%s: %v", a, err) // nobody asked wrongly
	}
	var refs []Reference
	for _, ref := range found.References {
		refs = append(refs, Reference(ref))
	}
	a.Version = found.Version
	c := Compared{Name: a.String(), Format: format, Text: []byte(found.Schema)}
	if found.Deleted {
		c.Name += " (deleted)"
	}
	c.Refs, err = resolve(ctx, s, a.Subject, refs)
	return c, err
}

// filed reads a schema file, now or at a revision. The other side's format is taken
// for one whose name doesn't tell.
func (a Address) filed(ctx context.Context, files *Pool, shelved []Source, other Format) (Compared, error) {
	c := Compared{Name: a.String(), Path: a.File, Format: formatOf(a.File), Available: withSources(files, shelved)}
	if c.Format == "" {
		c.Format = other
	}
	if c.Format == "" {
		return c, askedf("schema files end in .avsc, .json or .proto", "format of %s: its name doesn't tell", a.File)
	}
	if a.Revision == "" {
		var err error
		c.Text, err = readFile(a.File)
		return c, err
	}
	h, err := InGit(a.Revision).History(ctx, Lookup{Path: a.File, Available: files})
	if err != nil {
		return c, err
	}
	if h.New {
		return c, askedf("the path is that from the current folder", "reading schema %s: git revision %s doesn't have it", a.File, a.Revision)
	}
	c.Text, c.Available = h.Versions[0].Text, withSources(h.Versions[0].Available, shelved)
	return c, nil
}

func withSources(p *Pool, more []Source) *Pool {
	return NewPool(append(append([]Source{}, p.all()...), more...))
}
