package schema

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/goccy/go-yaml"
)

// Mapping says which file is whose schema. In YAML:
//
//	subjects:
//	  order-events-value: schemas/order_placed.avsc
//	  payment-events-value:
//	    path: schemas/payment.avsc
//	    mode: FULL
//
// Paths are relative to the mapping file. A subject that occurs twice is an error;
// a file may be the schema of several subjects.
type Mapping struct {
	Path     string
	Subjects map[string]Mapped
}

// Mapped is what a mapping says of a subject.
type Mapped struct {
	Path string `yaml:"path"`
	Mode Mode   `yaml:"mode,omitempty"` // empty: the baseline's

	absolute string
}

// UnmarshalYAML takes a path alone as well.
func (m *Mapped) UnmarshalYAML(text []byte) error {
	if err := yaml.Unmarshal(text, &m.Path); err == nil {
		return nil
	}
	type plain Mapped
	return yaml.UnmarshalWithOptions(text, (*plain)(m), yaml.Strict())
}

// ReadMapping reads a mapping file.
func ReadMapping(path string) (*Mapping, error) {
	var file struct {
		Subjects map[string]Mapped `yaml:"subjects"`
	}
	if err := readYAML("mapping file", path, &file); err != nil {
		return nil, err
	}
	if len(file.Subjects) == 0 {
		return nil, askedf("subjects:\n  order-events-value: order_placed.avsc", "mapping file %s: it maps no subjects", path)
	}
	m := &Mapping{path, map[string]Mapped{}}
	for _, subject := range slices.Sorted(maps.Keys(file.Subjects)) {
		to := file.Subjects[subject]
		if subject == "" || to.Path == "" {
			return nil, askedf("", "mapping file %s: subject %q has no path", path, subject)
		}
		if to.Mode != "" {
			mode, err := ParseMode(string(to.Mode))
			if err != nil {
				return nil, asked(fmt.Errorf("mapping file %s: subject %q: %w", path, subject, err), "")
			}
			to.Mode = mode
		}
		if !filepath.IsAbs(to.Path) {
			to.Path = filepath.Join(filepath.Dir(path), to.Path)
		}
		var err error
		if to.absolute, err = filepath.Abs(to.Path); err != nil {
			return nil, err
		}
		m.Subjects[subject] = to
	}
	return m, nil
}

// subjectsOf lists whose schema the file at an absolute path is, sorted.
func (m *Mapping) subjectsOf(absolute string) []string {
	var list []string
	for subject, to := range m.Subjects {
		if to.absolute == absolute {
			list = append(list, subject)
		}
	}
	slices.Sort(list)
	return list
}

// paths lists the files, each once, sorted.
func (m *Mapping) paths() []string {
	var list []string
	for _, to := range m.Subjects {
		list = append(list, to.Path)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// there sees that all files are: one that is gone would otherwise not be checked, and
// nobody would be told.
func (m *Mapping) there() error {
	for _, subject := range slices.Sorted(maps.Keys(m.Subjects)) {
		if _, err := os.Stat(m.Subjects[subject].Path); err != nil {
			return asked(fmt.Errorf("mapping file %s: subject %q: schemas in %s: %w", m.Path, subject, m.Subjects[subject].Path, reason(err)),
				"take the subject out of the mapping, or bring the file back")
		}
	}
	return nil
}
