package schema

import (
	"context"
	"fmt"
	"strings"
	"sync"
)

// filesBaseline is files that are versions of one subject.
type filesBaseline struct {
	paths []string
	sole  sole
}

// InFiles is the baseline of files that are the versions of one subject, oldest
// first. Checking two subjects against it is asking wrongly.
func InFiles(paths ...string) Baseline { return &filesBaseline{paths: paths} }

func (b *filesBaseline) String() string { return strings.Join(b.paths, ", ") }

func (b *filesBaseline) History(_ context.Context, of Lookup) (*History, error) {
	if err := b.sole.take(of.Subject, b.String()); err != nil {
		return nil, err
	}
	h := &History{Subject: of.Subject}
	for i, path := range b.paths {
		v, err := readVersion(VersionNumber(i+1), path, of.Available)
		if err != nil {
			return nil, err
		}
		v.Label = path
		h.Versions = append(h.Versions, v)
	}
	return h, nil
}

func readVersion(number VersionNumber, path string, available *Pool) (Version, error) {
	text, err := readFile(path)
	if err != nil {
		return Version{}, err
	}
	format := formatOf(path)
	if format == "" {
		return Version{}, askedf("schema files end in .avsc, .json or .proto", "version %s: not the name of a schema file", path)
	}
	return Version{
		Number: number, Label: fmt.Sprintf("version %d", number),
		Format: format, Text: text, Available: available,
	}, nil
}

// sole keeps versions that belong to one subject from being taken for another's.
type sole struct {
	mu      sync.Mutex
	subject string
	taken   bool
}

func (s *sole) take(subject, baseline string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken && s.subject != subject {
		return askedf("check one schema against files, or several against a folder with a folder of versions for each subject",
			"checking several subjects (%q, %q, …) against %s: it has versions of one", min(s.subject, subject), max(s.subject, subject), baseline)
	}
	s.taken, s.subject = true, subject
	return nil
}
