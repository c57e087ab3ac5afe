package replay

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/evtctl/evtctl/internal/planfile"
)

// sealed is a plan as it is kept in a file: with a checksum over its own bytes.
type sealed struct {
	Plan     json.RawMessage `json:"plan"`
	Checksum string          `json:"sha256"`
}

// Save writes a plan to a file that Load reads. A file that is there already is
// left alone, which is an error.
func (p *Plan) Save(path string) error {
	plan, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("saving the plan in %s: %w", path, err)
	}
	text, err := json.MarshalIndent(sealed{plan, checksum(plan)}, "", "  ")
	if err != nil {
		return fmt.Errorf("saving the plan in %s: %w", path, err)
	}
	if err := planfile.Create(path, text); err != nil {
		return fmt.Errorf("saving the plan in %s: %w", path, err)
	}
	return nil
}

// checksum is over the plan's compact form, so that indenting changes nothing.
func checksum(plan []byte) string {
	sum := sha256.Sum256(plan)
	return hex.EncodeToString(sum[:])
}

// Load reads a plan that Save wrote. One that was edited, cut off or made by another
// version is a [*RequestError].
func Load(path string) (*Plan, error) {
	text, err := planfile.Read(path)
	if err != nil {
		return nil, askedf("write one with --plan-out", "reading the plan in %s: %v", path, err)
	}
	const again = "make the plan anew with --plan-out; a plan can't be edited"
	var s sealed
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, askedf(again, "plan %s: it is no plan file: %v", path, err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, s.Plan); err != nil || checksum(compact.Bytes()) != s.Checksum {
		return nil, askedf(again, "plan %s: it isn't as it was saved", path)
	}
	var p Plan
	if err := json.Unmarshal(s.Plan, &p); err != nil {
		return nil, askedf(again, "plan %s: %v", path, err)
	}
	if p.Version != PlanVersion {
		return nil, askedf(again, "plan %s: it has version %d, and this evtctl knows %d", path, p.Version, PlanVersion)
	}
	return &p, nil
}
