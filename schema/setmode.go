package schema

import (
	"context"
	"fmt"

	"github.com/evtctl/evtctl/schema/registry"
)

// ModeReader is what planning a change of mode asks. A *registry.Client fits. It
// can't write.
type ModeReader interface {
	URL() string
	Compatibility(ctx context.Context, subject string) (registry.Compatibility, error)
	GlobalCompatibility(ctx context.Context) (registry.Compatibility, error)
}

// ModeWriter sets modes. A *registry.Writer fits.
type ModeWriter interface {
	SetCompatibility(ctx context.Context, subject, mode string) error
	UnsetCompatibility(ctx context.Context, subject string) error
}

// ModeInForce tells the mode that counts for a subject, or the global one of an
// empty subject, and where it is set: "subject", "context" or "global".
func ModeInForce(ctx context.Context, r ModeReader, subject string) (mode Mode, from string, err error) {
	var c registry.Compatibility
	if subject == "" {
		c, err = r.GlobalCompatibility(ctx)
	} else {
		c, err = r.Compatibility(ctx, subject)
	}
	return Mode(c.Mode), string(c.From), err
}

// NewModeChange plans to set the mode of a subject, of all when the subject is
// empty, or to remove a subject's own when the mode is empty.
func NewModeChange(ctx context.Context, r ModeReader, subject string, to Mode) (*ModeChange, error) {
	if subject == "" && to == "" {
		return nil, askedf("set it to another mode", "removing the global mode: there must be one")
	}
	mode, from, err := ModeInForce(ctx, r, subject)
	if err != nil {
		return nil, err
	}
	return &ModeChange{
		Version: PlanVersion, Kind: kindMode, Registry: r.URL(), Subject: subject, From: mode, FromLevel: from, To: to,
	}, nil
}

// Nothing tells that there is nothing to do.
func (p *ModeChange) Nothing() bool {
	own := p.Subject == "" || p.FromLevel == string(registry.OfSubject)
	if p.To == "" {
		return !own
	}
	return own && p.From == p.To
}

// Apply sets or removes the mode.
func (p *ModeChange) Apply(ctx context.Context, w ModeWriter) error {
	switch {
	case p.Nothing():
		return nil
	case p.To == "":
		return w.UnsetCompatibility(ctx, p.Subject)
	}
	return w.SetCompatibility(ctx, p.Subject, string(p.To))
}

// Promise says what a mode demands of a new version.
func (m Mode) Promise() string {
	versions := "the last version"
	if m.Transitive() {
		versions = "every version"
	}
	switch directions := m.Directions(); {
	case len(directions) == 2:
		return fmt.Sprintf("a new schema and %s must read each other's data", versions)
	case len(directions) == 0:
		return "anything may be registered"
	case directions[0] == NewReadsOld:
		return fmt.Sprintf("a new schema must read data of %s", versions)
	}
	return fmt.Sprintf("%s must read data of a new schema", versions)
}
