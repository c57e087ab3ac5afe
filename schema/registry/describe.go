package registry

import (
	"context"
	"errors"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Detail says how much [Client.Describe] asks about each subject.
type Detail int

const (
	// LatestOnly asks for the latest version: one question a subject.
	LatestOnly Detail = iota
	// Everything asks for the versions and the mode, too: three or four.
	Everything
)

// Description is what there is to know of a subject.
type Description struct {
	Subject string
	Latest  *Schema // without text; nil when it couldn't be found out
	Deleted bool    // softly, with all its versions: Latest is the last there was
	// Versions are those that count, of a deleted subject those that were deleted. Nil
	// when they weren't asked for.
	Versions []int
	Mode     *Compatibility // nil when it wasn't asked for
	Err      error          // why something is missing
}

// Describe asks about subjects, eight at a time, and tells done how many it has.
// What couldn't be asked of one is its Err; only when ctx ends there is no answer.
func (c *Client) Describe(ctx context.Context, subjects []string, detail Detail, done func(int)) ([]Description, error) {
	list := make([]Description, len(subjects))
	var counting sync.Mutex
	finished := 0
	var group errgroup.Group
	group.SetLimit(parallel)
	for i, subject := range subjects {
		group.Go(func() error {
			list[i] = c.describe(ctx, subject, detail)
			counting.Lock()
			defer counting.Unlock()
			finished++
			done(finished)
			return ctx.Err()
		})
	}
	return list, group.Wait()
}

func (c *Client) describe(ctx context.Context, subject string, detail Detail) Description {
	d := Description{Subject: subject}
	d.Latest, d.Err = c.Latest(ctx, subject)
	if errors.Is(d.Err, ErrSubjectNotFound) || errors.Is(d.Err, ErrVersionNotFound) {
		d.deleted(ctx, c)
	}
	if d.Latest != nil {
		d.Latest.Schema = "" // thousands of them would fill the memory
	}
	if d.Err != nil || detail == LatestOnly {
		return d
	}
	if !d.Deleted {
		d.Versions, d.Err = c.Versions(ctx, subject, Live)
	}
	if mode, err := c.Compatibility(ctx, subject); err != nil {
		d.Err = errors.Join(d.Err, err)
	} else {
		d.Mode = &mode
	}
	return d
}

// deleted finds the last version of a subject that has none that counts.
func (d *Description) deleted(ctx context.Context, c *Client) {
	versions, err := c.Versions(ctx, d.Subject, WithDeleted)
	if err != nil {
		d.Err = err
		return
	}
	d.Deleted, d.Versions = true, versions
	d.Latest, d.Err = c.Version(ctx, d.Subject, slices.Max(versions), WithDeleted)
}
