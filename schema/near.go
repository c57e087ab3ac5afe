package schema

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/evtctl/evtctl/schema/registry"
)

// Catalogue lists subjects and their versions. A *registry.Client fits.
type Catalogue interface {
	Subjects(ctx context.Context, which registry.Which) ([]string, error)
	Versions(ctx context.Context, subject string, which registry.Which) ([]int, error)
}

// Missing words the error of a subject or version that a registry doesn't have, with
// what it has instead, and makes it a *[RequestError]. Other errors stay as they are.
func Missing(ctx context.Context, c Catalogue, subject string, err error) error {
	var e *registry.Error
	switch {
	case errors.Is(err, registry.ErrVersionNotFound):
		versions, listErr := c.Versions(ctx, subject, registry.WithDeleted)
		if listErr != nil || len(versions) == 0 {
			return err
		}
		return asked(err, "its versions are "+spans(versions))
	case errors.Is(err, registry.ErrSubjectNotFound):
		all, listErr := c.Subjects(ctx, registry.Live)
		if listErr != nil {
			return err
		}
		if deleted, _ := c.Subjects(ctx, registry.WithDeleted); slices.Contains(deleted, subject) {
			return asked(err, "it was softly deleted; --deleted shows its versions, and each can be asked for by its number")
		}
		if near := Near(subject, all); len(near) > 0 {
			return asked(err, "there is "+strings.Join(near, ", "))
		}
		return asked(err, "\"evtctl schema list\" shows the subjects there are")
	case errors.As(err, &e) && errors.Is(err, registry.ErrSchemaNotFound):
		return asked(err, "\"evtctl schema versions SUBJECT\" shows the ids of a subject")
	}
	return err
}

// Near gives up to three names that may have been meant: those with few other
// letters, the nearest first, and then those that begin alike.
func Near(name string, all []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	var found []candidate
	few := max(len(name)/3, min(len(name)/2, 2))
	low := strings.ToLower(name)
	for _, other := range all {
		lower := strings.ToLower(other)
		distance := levenshtein.ComputeDistance(low, lower)
		if distance > few && (len(low) < 3 || !strings.HasPrefix(lower, low) && (len(lower) < 3 || !strings.HasPrefix(low, lower))) {
			continue
		}
		found = append(found, candidate{other, distance})
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
	var names []string
	for _, c := range found[:min(3, len(found))] {
		names = append(names, c.name)
	}
	return names
}

// slip is how many letters a slip gets wrong at most.
const slip = 3

// NoteNear adds to results of new subjects what they may be a slip for: a subject that
// is mistyped has nothing to break. It asks for the subjects once, and only then.
func NoteNear(ctx context.Context, c Catalogue, report *Report) {
	var all []string
	for i := range report.Results {
		r := &report.Results[i]
		if !r.NewSubject {
			continue
		}
		if all == nil {
			var err error
			if all, err = c.Subjects(ctx, registry.Live); err != nil || len(all) == 0 {
				return // the answer stands without
			}
		}
		near := slices.DeleteFunc(Near(r.Subject, all), func(name string) bool { return levenshtein.ComputeDistance(name, r.Subject) > slip })
		if len(near) > 0 {
			r.Notes = append(r.Notes, "if the name is a slip: there is "+strings.Join(near, ", "))
		}
	}
}
