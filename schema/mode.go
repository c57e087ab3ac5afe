package schema

import (
	"slices"
	"strings"
)

// Mode is what a subject demands of a new version. Each is a promise about which
// side can run which version.
type Mode string

const (
	// None demands nothing.
	None Mode = "NONE"
	// Backward: the new schema reads data of the last version.
	Backward Mode = "BACKWARD"
	// BackwardTransitive: the new schema reads data of every version.
	BackwardTransitive Mode = "BACKWARD_TRANSITIVE"
	// Forward: the last version reads data of the new schema.
	Forward Mode = "FORWARD"
	// ForwardTransitive: every version reads data of the new schema.
	ForwardTransitive Mode = "FORWARD_TRANSITIVE"
	// Full is Backward and Forward.
	Full Mode = "FULL"
	// FullTransitive is BackwardTransitive and ForwardTransitive.
	FullTransitive Mode = "FULL_TRANSITIVE"
)

// DefaultMode is what counts where nobody has said a mode, as in Confluent's
// registry.
const DefaultMode = Backward

// Modes lists all modes, the weakest first.
func Modes() []Mode {
	return []Mode{None, Backward, BackwardTransitive, Forward, ForwardTransitive, Full, FullTransitive}
}

// ParseMode reads a mode's name, in any case, with "-" or "_" between words.
func ParseMode(name string) (Mode, error) {
	mode := Mode(strings.ReplaceAll(strings.ToUpper(name), "-", "_"))
	if slices.Contains(Modes(), mode) {
		return mode, nil
	}
	var names []string
	for _, m := range Modes() {
		names = append(names, string(m))
	}
	return "", askedf("such as BACKWARD", "mode %q is none of %s", name, strings.Join(names, ", "))
}

// Transitive tells whether the mode is about all versions, and not only the last.
func (m Mode) Transitive() bool { return strings.HasSuffix(string(m), "_TRANSITIVE") }

// Direction is who must be able to read whose data.
type Direction string

const (
	// NewReadsOld: readers with the new schema, data of an old version.
	NewReadsOld Direction = "backward"
	// OldReadsNew: readers on an old version, data of the new schema.
	OldReadsNew Direction = "forward"
)

// Directions lists what the mode demands.
func (m Mode) Directions() []Direction {
	base, _ := strings.CutSuffix(string(m), "_TRANSITIVE")
	switch Mode(base) {
	case Backward:
		return []Direction{NewReadsOld}
	case Forward:
		return []Direction{OldReadsNew}
	case Full:
		return []Direction{NewReadsOld, OldReadsNew}
	}
	return nil
}

// Side is who is deployed first.
type Side string

const (
	Consumers Side = "consumers"
	Producers Side = "producers"
	Either    Side = "either"
	// Neither: no order is safe.
	Neither Side = "neither"
)

// DeployFirst tells who has to be deployed first for a change that the mode
// allows.
func (m Mode) DeployFirst() Side {
	switch directions := m.Directions(); {
	case len(directions) == 2:
		return Either
	case len(directions) == 0:
		return Neither
	case directions[0] == NewReadsOld:
		return Consumers
	default:
		return Producers
	}
}
