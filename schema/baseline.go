package schema

import (
	"context"
)

// Baseline has the versions that a candidate is compared with.
type Baseline interface {
	// History returns a subject's versions. A subject that the baseline doesn't have
	// is New, which is no error. A *[BaselineError] or *[RequestError] is about the
	// baseline as a whole and ends a check.
	//
	// It is called from several goroutines.
	History(ctx context.Context, of Lookup) (*History, error)
	// String names the baseline in a sentence, as in "registry http://localhost:8081".
	String() string
}

// Lookup is what a baseline is asked for.
type Lookup struct {
	Subject string
	Path    string // the candidate's file
	// Place is the file's path from the folder that it was found in, or its name.
	Place string
	// Mode is set when it is known already; a baseline with modes of its own then
	// needn't look. Only what the mode needs has to be returned.
	Mode Mode
	// Deleted asks for versions that were softly deleted too.
	Deleted bool
	// Available is what the candidate may refer to; where a baseline has no other
	// copies, its versions may refer to it as well.
	Available *Pool
}

// History is what a baseline knows of a subject.
type History struct {
	Subject string
	// Mode is empty when the baseline has none; ModeFrom says where it is set.
	Mode     Mode
	ModeFrom string
	Versions []Version // ascending
	New      bool      // there is no such subject
	Notes    []string  // what a reader of the report should know
}

// Version is an earlier schema.
type Version struct {
	Number  VersionNumber
	Label   string // as in "version 3"
	Format  Format
	Text    []byte
	Deleted bool // softly
	// Refs are the schemas it refers to, all of them. A baseline that doesn't know
	// them leaves it nil and sets Available, to pick from.
	Refs      []Source
	Available *Pool
	// References are those that a registry has.
	References []Reference
}

// needed picks the versions that a mode is about.
func (h *History) needed(mode Mode) []Version {
	if len(mode.Directions()) == 0 || len(h.Versions) == 0 {
		return nil
	}
	if mode.Transitive() {
		return h.Versions
	}
	return h.Versions[len(h.Versions)-1:]
}
