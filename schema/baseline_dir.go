package schema

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// dirBaseline is a folder of versions.
type dirBaseline struct {
	dir  string
	sole sole
	once sync.Once
	all  []string            // its schema files, sorted
	in   map[string][]string // the same, by folder
	err  error
}

// InDir is the baseline of a folder. The versions of a subject are, whichever is
// there first:
//
//   - DIR/SUBJECT/ with files that have their version's number in the name: 1.avsc,
//     v2.avsc, order_v3.avsc;
//   - DIR/SUBJECT.v1.avsc, DIR/SUBJECT-v2.avsc, DIR/SUBJECT_3.avsc;
//   - DIR/SUBJECT.avsc, or the file at the candidate's own place below DIR, as
//     version 1;
//   - DIR/1.avsc, DIR/v2.avsc and so on, when there is only one subject to check.
//
// In names, %2F and the like stand for what file names can't have. A version's
// number that occurs twice is an error.
func InDir(dir string) Baseline { return &dirBaseline{dir: dir} }

func (b *dirBaseline) String() string { return "folder " + b.dir }

// list reads what there is, once.
func (b *dirBaseline) list() error {
	b.once.Do(func() {
		if b.all, b.err = schemaFiles(b.dir); b.err != nil {
			b.err = &BaselineError{b.err}
			return
		}
		b.in = map[string][]string{}
		for _, path := range b.all {
			b.in[filepath.Dir(path)] = append(b.in[filepath.Dir(path)], path)
		}
		if len(b.all) == 0 {
			b.err = askedf("schema files end in .avsc, .json or .proto", "versions in %s: there is no schema file", b.dir)
		}
	})
	return b.err
}

func (b *dirBaseline) History(_ context.Context, of Lookup) (*History, error) {
	if err := b.list(); err != nil {
		return nil, err
	}
	for _, layout := range []func(Lookup) ([]numbered, error){b.folder, b.suffixed, b.single, b.bare} {
		found, err := layout(of)
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			return b.read(of, found)
		}
	}
	return &History{Subject: of.Subject, New: true}, nil
}

// numbered is a version's file.
type numbered struct {
	number VersionNumber
	path   string
}

func (b *dirBaseline) read(of Lookup, found []numbered) (*History, error) {
	slices.SortFunc(found, func(a, c numbered) int {
		return cmp.Or(cmp.Compare(a.number, c.number), strings.Compare(a.path, c.path))
	})
	h := &History{Subject: of.Subject}
	for i, f := range found {
		if i > 0 && found[i-1].number == f.number {
			return nil, fmt.Errorf("versions of subject %q in %s: %s and %s are both version %d", of.Subject, b.dir, found[i-1].path, f.path, f.number)
		}
		v, err := readVersion(f.number, f.path, of.Available)
		if err != nil {
			return nil, err
		}
		h.Versions = append(h.Versions, v)
	}
	return h, nil
}

// folder is DIR/SUBJECT/.
func (b *dirBaseline) folder(of Lookup) ([]numbered, error) {
	for _, name := range []string{of.Subject, url.PathEscape(of.Subject)} {
		if !filepath.IsLocal(name) {
			continue
		}
		dir := filepath.Join(b.dir, name)
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			continue
		}
		var found []numbered
		for _, path := range b.in[dir] {
			n, ok := anyNumber(stem(path))
			if !ok {
				return nil, fmt.Errorf("version %s of subject %q: there is no version's number in its name, as in v1%s", path, of.Subject, filepath.Ext(path))
			}
			found = append(found, numbered{n, path})
		}
		return found, nil
	}
	return nil, nil
}

// suffixed is DIR/SUBJECT.v1.avsc and the like.
func (b *dirBaseline) suffixed(of Lookup) ([]numbered, error) {
	var found []numbered
	for _, path := range b.all {
		rest, ok := strings.CutPrefix(stem(path), of.Subject)
		if n, isNumber := lastNumber(rest); ok && isNumber {
			found = append(found, numbered{n, path})
		}
	}
	return found, nil
}

// single is a file that is the subject's only version.
func (b *dirBaseline) single(of Lookup) ([]numbered, error) {
	for _, path := range b.all {
		if place, err := filepath.Rel(b.dir, path); err == nil && place == of.Place {
			return []numbered{{1, path}}, nil
		}
	}
	var found []numbered
	for _, path := range b.all {
		if stem(path) == of.Subject {
			found = append(found, numbered{1, path})
		}
	}
	return found, nil
}

// bare is DIR/1.avsc and so on: versions of a subject that isn't said.
func (b *dirBaseline) bare(of Lookup) ([]numbered, error) {
	var found []numbered
	for _, path := range b.in[filepath.Clean(b.dir)] {
		if n, ok := lastNumber("." + stem(path)); ok {
			found = append(found, numbered{n, path})
		}
	}
	if len(found) == 0 {
		return nil, nil
	}
	return found, b.sole.take(of.Subject, b.String())
}

var (
	numberAtEnd  = regexp.MustCompile(`^[._-][vV]?(\d{1,9})$`)
	numberInside = regexp.MustCompile(`(?:^|[._-]|[vV])(\d{1,9})(?:[._-]|$)`)
)

// lastNumber reads what follows a subject in a file's name: ".v1", "-2", "_v3".
func lastNumber(rest string) (VersionNumber, bool) { return firstMatch(numberAtEnd, rest) }

// anyNumber finds a version's number in a file's name: 1, v2, order_v3, V4__tier.
func anyNumber(name string) (VersionNumber, bool) { return firstMatch(numberInside, name) }

func firstMatch(pattern *regexp.Regexp, text string) (VersionNumber, bool) {
	m := pattern.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	n, err := strconv.Atoi(m[1])
	return VersionNumber(n), err == nil && n > 0
}
