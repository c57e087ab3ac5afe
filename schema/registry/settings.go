package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// Compatibility modes are these seven. A transitive one concerns all versions,
// the others the latest.
var modes = []string{
	"NONE", "BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE",
}

// Level says where a setting comes from.
type Level string

const (
	OfSubject Level = "subject"
	OfContext Level = "context"
	OfAll     Level = "global"
)

// Compatibility is what a registry demands of a new version.
type Compatibility struct {
	Mode string // one of the seven, in capitals
	From Level
}

// Compatibility returns what counts for a subject, registered or not: its own
// setting, else its context's, else the global one.
//
// Registries say in three ways that a subject has no setting: with the codes
// 40401 and 40408, and Apicurio with NONE, which it also gives for a subject that
// is set to NONE. There, a second question makes out which it is.
func (c *Client) Compatibility(ctx context.Context, subject string) (Compatibility, error) {
	levels := []struct {
		name string
		from Level
	}{{subject, OfSubject}, {contextOf(subject), OfContext}}
	for _, level := range levels {
		if level.name == "" {
			continue
		}
		mode, err := c.own(ctx, level.name)
		if err != nil {
			return Compatibility{}, err
		}
		if mode != "" {
			return Compatibility{mode, level.from}, nil
		}
	}
	return c.GlobalCompatibility(ctx)
}

// GlobalCompatibility returns what counts for subjects without a setting of their
// own. Apicurio's says NONE while nothing is set, and registers anything, though
// its answers to Check are then those of BACKWARD.
func (c *Client) GlobalCompatibility(ctx context.Context) (Compatibility, error) {
	q := question{attempt: "global compatibility mode", path: []string{"config"}}
	mode, err := c.mode(ctx, q)
	if err == nil && mode == "" {
		err = c.odd(q, "no compatibilityLevel")
	}
	return Compatibility{mode, OfAll}, err
}

// own returns a subject's own setting, or none.
func (c *Client) own(ctx context.Context, subject string) (string, error) {
	q := question{attempt: fmt.Sprintf("compatibility mode of subject %q", subject), path: []string{"config", subject}}
	mode, err := c.mode(ctx, q)
	switch {
	case isUnset(err):
		return "", nil
	case err != nil || mode != "NONE":
		return mode, err
	}
	q.query = "defaultToGlobal=true"
	switch effective, err := c.mode(ctx, q); {
	case isUnset(err):
		return mode, nil
	case err != nil:
		return "", err
	case effective != "" && effective != mode:
		return "", nil
	}
	return mode, nil
}

// isUnset tells that there is no such setting. A 404 without a code counts, as
// not all registries give one: the global setting is asked for next, and must be
// there. A page doesn't count: it would hide a setting that there is.
func isUnset(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusNotFound && !e.page
}

// mode reads a compatibility mode; empty when there are other settings only.
func (c *Client) mode(ctx context.Context, q question) (string, error) {
	body, err := c.ask(ctx, q)
	if err != nil {
		return "", err
	}
	o, err := fields(body)
	if err != nil {
		return "", c.odd(q, "%v", err)
	}
	var mode string
	if err := o.into("compatibilityLevel", &mode); err != nil {
		if slices.ContainsFunc([]string{"alias", "normalize", "compatibilityGroup", "defaultMetadata", "overrideMetadata", "defaultRuleSet", "overrideRuleSet", "validateFields"},
			func(name string) bool { return o[name] != nil }) {
			return "", nil
		}
		return "", c.odd(q, "%v", err)
	}
	if !slices.Contains(modes, mode) {
		return "", c.odd(q, "the mode %q, which is none of %v", mode, modes)
	}
	return mode, nil
}

// WriteMode returns whether a subject takes new schemas: READWRITE, READONLY,
// READONLY_OVERRIDE or IMPORT.
func (c *Client) WriteMode(ctx context.Context, subject string) (string, error) {
	q := question{attempt: fmt.Sprintf("write mode of subject %q", subject), path: []string{"mode", subject}, query: "defaultToGlobal=true"}
	body, err := c.ask(ctx, q)
	if isUnset(err) {
		q = question{attempt: "global write mode", path: []string{"mode"}}
		body, err = c.ask(ctx, q)
	}
	if err != nil {
		return "", err
	}
	o, err := fields(body)
	if err != nil {
		return "", c.odd(q, "%v", err)
	}
	var mode string
	if err := o.into("mode", &mode); err != nil || mode == "" {
		return "", c.odd(q, "no mode")
	}
	return mode, nil
}
