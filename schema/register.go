package schema

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/evtctl/evtctl/schema/registry"
)

// Registering is what planning a registration asks. A *registry.Client fits. It
// can't write.
type Registering interface {
	Registry
	Judge
	Finder
}

// Finder tells whether a subject has a schema already. A *registry.Client fits.
type Finder interface {
	Find(ctx context.Context, subject string, candidate registry.Candidate) (*registry.Schema, error)
}

// Registrar registers schemas. A *registry.Writer fits.
type Registrar interface {
	Register(ctx context.Context, subject string, candidate registry.Candidate) (registry.Registration, error)
}

// Registration is the plan of making a schema the next version of a subject. It is
// made by NewRegistration, which can't write; Apply is what writes.
type Registration struct {
	RegistrationPlan
	Check   Result   // the very check of [Check]
	Changes []Change // from the latest version; empty when there is none, or it is in another language
	// Already is the version that has this schema; 0: none has.
	Already   VersionNumber
	AlreadyID int
}

// RegistrationRequest says what to register.
type RegistrationRequest struct {
	Candidate  Candidate
	References []Reference // named in the registration, and used by the check
	Mode       Mode        // to check by; empty: the subject's own
	Now        time.Time
}

// NewRegistration plans a registration: it checks the candidate as [Check] does and
// looks whether the subject has it already. That it is incompatible is no error, but
// stands in the plan. References of the latest version that the candidate still needs
// are taken over.
func NewRegistration(ctx context.Context, r Registering, req RegistrationRequest) (*Registration, error) {
	c := req.Candidate
	if !utf8.Valid(c.Text) {
		return nil, fmt.Errorf("registering %s: its text isn't UTF-8", c.Path)
	}
	latest, err := r.Latest(ctx, c.Subject)
	if err != nil && !errors.Is(err, registry.ErrSubjectNotFound) {
		return nil, err
	}
	report, err := Check(ctx, Request{
		Candidates: []Candidate{c}, Baseline: InRegistry(r), Mode: req.Mode,
		References: req.References, Resolver: r, Judge: r, Now: req.Now,
	})
	if err != nil {
		return nil, err
	}
	plan := &Registration{Check: report.Results[0], Changes: []Change{}, RegistrationPlan: RegistrationPlan{
		Version: PlanVersion, Kind: kindRegistration, Registry: r.URL(), Subject: c.Subject, Path: c.Path,
		Format: c.Format, Schema: string(c.Text), References: named(req.References, report.Results[0].References), Mode: req.Mode,
	}}
	if plan.Check.Error != nil {
		return nil, unchecked(&plan.Check)
	}
	if latest != nil {
		plan.Latest = VersionNumber(latest.Version)
		if err := plan.compare(ctx, r, latest); err != nil {
			return nil, err
		}
		return plan, plan.find(ctx, r)
	}
	return plan, nil
}

// unchecked is the error of a candidate that couldn't be checked, with the place of
// the mistake.
func unchecked(r *Result) error {
	e := r.Error
	if e.Line == 0 {
		return fmt.Errorf("checking %s for subject %q: %w", r.Path, r.Subject, e.Err)
	}
	return fmt.Errorf("%s:%d:%d: %w", e.File, e.Line, e.Column, e.Err)
}

// named are the references to register with: those that were asked for, and those
// that were found, each name once.
func named(asked, found []Reference) []Reference {
	list := []Reference{}
	taken := map[string]bool{}
	for _, ref := range append(append([]Reference{}, asked...), found...) {
		if !taken[ref.Name] {
			taken[ref.Name] = true
			list = append(list, ref)
		}
	}
	return list
}

// compare tells what changes since the latest version.
func (p *Registration) compare(ctx context.Context, r Resolver, latest *registry.Schema) error {
	format, err := ParseFormat(latest.Type)
	if err != nil || format != p.Format {
		return nil // the check has said so
	}
	old := Compared{Name: fmt.Sprintf("version %d", latest.Version), Format: format, Text: []byte(latest.Schema)}
	now := Compared{Name: p.Path, Format: format, Text: []byte(p.Schema)}
	var refs []Reference
	for _, ref := range latest.References {
		refs = append(refs, Reference(ref))
	}
	if old.Refs, err = resolve(ctx, r, p.Subject, refs); err != nil {
		return err
	}
	if now.Refs, err = resolve(ctx, r, p.Subject, p.References); err != nil {
		return err
	}
	comparison, err := Diff(old, now)
	if err != nil {
		return nil // an old version that can't be read; what is registered was checked
	}
	p.Changes = comparison.Changes
	return nil
}

// find looks whether the subject has the schema already.
func (p *Registration) find(ctx context.Context, f Finder) error {
	found, err := f.Find(ctx, p.Subject, p.candidate())
	switch {
	case err == nil:
		p.Already, p.AlreadyID = VersionNumber(found.Version), found.ID
	case errors.Is(err, registry.ErrSchemaNotFound), errors.Is(err, registry.ErrSubjectNotFound):
		return nil
	}
	return err
}

func (p *RegistrationPlan) candidate() registry.Candidate {
	c := registry.Candidate{Type: p.Format.RegistryType(), Schema: p.Schema}
	for _, ref := range p.References {
		c.References = append(c.References, registry.Reference(ref))
	}
	return c
}

// RegistrationReceipt is what came of a registration.
type RegistrationReceipt struct {
	Subject string
	Version VersionNumber // 0 when the registry didn't say
	ID      int
	Wrote   bool // false: the subject had it already
}

// Apply registers. A plan whose check found it incompatible, or whose subject has
// the schema already, writes nothing; the first is an error that wraps
// [registry.ErrIncompatible], as is the registry's own refusal.
func (p *Registration) Apply(ctx context.Context, f Finder, w Registrar) (*RegistrationReceipt, error) {
	if p.Already != 0 {
		return &RegistrationReceipt{Subject: p.Subject, Version: p.Already, ID: p.AlreadyID}, nil
	}
	if !p.Check.Compatible {
		return nil, fmt.Errorf("register %s in subject %q: %w", p.Path, p.Subject, registry.ErrIncompatible)
	}
	done, err := w.Register(ctx, p.Subject, p.candidate())
	if err != nil {
		return nil, err
	}
	receipt := &RegistrationReceipt{Subject: p.Subject, Version: VersionNumber(done.Version), ID: done.ID, Wrote: true}
	if done.Version == 0 { // not all registries say; one that can't be asked has registered it all the same
		if found, err := f.Find(ctx, p.Subject, p.candidate()); err == nil {
			receipt.Version = VersionNumber(found.Version)
		}
	}
	return receipt, nil
}
