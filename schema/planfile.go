package schema

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/evtctl/evtctl/internal/planfile"
)

// PlanVersion is the version of the form in which plans are saved.
const PlanVersion = 1

const (
	kindRegistration = "schema-registration"
	kindMode         = "schema-mode"
)

// RegistrationPlan is what is kept of a [Registration] to apply it later.
type RegistrationPlan struct {
	Version    int           `json:"version"`
	Kind       string        `json:"kind"`
	Registry   string        `json:"registry"` // its URL
	Subject    string        `json:"subject"`
	Latest     VersionNumber `json:"latest_version"` // null: the subject was new
	Path       string        `json:"path"`           // where the schema came from, for people
	Format     Format        `json:"format"`
	Schema     string        `json:"schema"`
	References []Reference   `json:"references"`
	Mode       Mode          `json:"mode"` // that was asked for; empty: the subject's own
	Checksum   string        `json:"checksum"`
}

// ModeChange is the plan of setting or removing a mode. It is made by
// NewModeChange, which can't write.
type ModeChange struct {
	Version   int    `json:"version"`
	Kind      string `json:"kind"`
	Registry  string `json:"registry"` // its URL
	Subject   string `json:"subject"`  // empty: the global mode
	From      Mode   `json:"from"`     // in force when the plan was made
	FromLevel string `json:"from_level"`
	To        Mode   `json:"to"` // empty: the subject's own is removed
	Checksum  string `json:"checksum"`
}

// SavePlan writes a *RegistrationPlan or *ModeChange to a new file with a checksum. A
// file that is there already is left as it is, which is a *[RequestError].
func SavePlan(path string, plan any) error {
	var err error
	switch p := plan.(type) {
	case *RegistrationPlan:
		p.Checksum, err = p.sum()
	case *ModeChange:
		p.Checksum, err = p.sum()
	default:
		return fmt.Errorf("saving a plan: %T is none", plan)
	}
	if err != nil {
		return fmt.Errorf("saving plan %s: %w", path, err)
	}
	text, err := json.MarshalIndent(plan, "", "  ")
	if err != nil {
		return fmt.Errorf("saving plan %s: %w", path, err)
	}
	err = planfile.Create(path, text)
	if errors.Is(err, os.ErrExist) {
		return askedf("name another file, or remove that one", "saving plan %s: there is such a file already", path)
	}
	if err != nil {
		return fmt.Errorf("saving plan %s: %w", path, err)
	}
	return nil
}

func (p RegistrationPlan) sum() (string, error) { p.Checksum = ""; return checksum(p) }
func (p ModeChange) sum() (string, error)       { p.Checksum = ""; return checksum(p) }

func checksum(plan any) (string, error) {
	text, err := json.Marshal(plan)
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:]), err
}

// LoadRegistration reads a saved plan of a registration. One that was edited, or is
// of something else, is a *[RequestError].
func LoadRegistration(path string) (*RegistrationPlan, error) {
	p := &RegistrationPlan{}
	return p, loadPlan(path, p, kindRegistration, func() (string, string, string, error) {
		sum, err := p.sum()
		return p.Kind, p.Checksum, sum, err
	})
}

// LoadModeChange is LoadRegistration for a change of mode.
func LoadModeChange(path string) (*ModeChange, error) {
	p := &ModeChange{}
	return p, loadPlan(path, p, kindMode, func() (string, string, string, error) {
		sum, err := p.sum()
		return p.Kind, p.Checksum, sum, err
	})
}

func loadPlan(path string, plan any, want string, sums func() (kind, has, wants string, err error)) error {
	text, err := readFile(path)
	if err != nil {
		return asked(fmt.Errorf("plan %s: %w", path, errors.Unwrap(err)), "--plan-out FILE makes one")
	}
	if err := json.Unmarshal(text, plan); err != nil {
		return askedf("make it anew with --plan-out", "plan %s: not a plan: %v", path, err)
	}
	kind, has, wants, err := sums()
	switch {
	case err != nil:
		return fmt.Errorf("plan %s: %w", path, err)
	case kind != want:
		return askedf("", "plan %s: a plan of kind %q, not %q", path, kind, want)
	case has != wants:
		return askedf("make it anew with --plan-out", "plan %s: it was changed since it was made", path)
	}
	return nil
}

// Renew makes a saved plan one that can be applied: the schema is checked again, as
// the mode may have changed. Another registry, or a subject that has another latest
// version than it had, is a *[RequestError].
func (p *RegistrationPlan) Renew(ctx context.Context, r Registering, req RegistrationRequest) (*Registration, error) {
	if err := sameRegistry(p.Registry, r.URL()); err != nil {
		return nil, err
	}
	req.Candidate = Candidate{Path: p.Path, Place: p.Path, Subject: p.Subject, Format: p.Format, Text: []byte(p.Schema)}
	req.References, req.Mode = p.References, p.Mode
	plan, err := NewRegistration(ctx, r, req)
	if err != nil {
		return nil, err
	}
	if plan.Latest != p.Latest && plan.Already == 0 { // else it was applied before
		return nil, askedf("look at what is new, and make the plan anew with --plan-out",
			"plan for subject %q: it was made when %s, and now %s", p.Subject, latestWords(p.Latest), newLatest(plan.Latest))
	}
	return plan, nil
}

func latestWords(v VersionNumber) string {
	if v == 0 {
		return "there was no version yet"
	}
	return fmt.Sprintf("version %d was the latest", v)
}

func newLatest(v VersionNumber) string {
	if v == 0 {
		return "none is left"
	}
	return fmt.Sprintf("version %d is", v)
}

// Renew makes a saved plan one that can be applied. Another registry, or another
// mode in force than there was, is a *[RequestError].
func (p *ModeChange) Renew(ctx context.Context, r ModeReader) (*ModeChange, error) {
	if err := sameRegistry(p.Registry, r.URL()); err != nil {
		return nil, err
	}
	now, err := NewModeChange(ctx, r, p.Subject, p.To)
	if err != nil {
		return nil, err
	}
	if !now.Nothing() && (now.From != p.From || now.FromLevel != p.FromLevel) {
		return nil, askedf("look at what has changed, and make the plan anew with --plan-out",
			"plan for the mode: it was made when it was %s (%s), and now it is %s (%s)", p.From, p.FromLevel, now.From, now.FromLevel)
	}
	return now, nil
}

func sameRegistry(planned, here string) error {
	if planned == here {
		return nil
	}
	return askedf("name the plan's registry with --registry, or make a plan for this one", "the plan is for registry %s, and this is %s", planned, here)
}
