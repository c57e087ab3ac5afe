package avro

import (
	"fmt"
	"slices"
	"strings"
)

// Reference is another schema file whose named types a schema may use.
type Reference struct {
	// Name is what errors call it: a file name, or a subject and version.
	Name   string
	Source []byte
}

// outline is what a file defines, and what it needs from other files.
type outline struct {
	doc     *document
	defines map[string]*typ
	needs   []*use
	broken  bool
}

// survey reads a file by itself. Where that fails, the outline has what was read
// so far: reading it in its turn, which then comes early, will say what is wrong.
func survey(d *document) *outline {
	p := newParser()
	_, err := p.begin(d)
	o := &outline{doc: d, defines: p.known, broken: err != nil}
	for _, u := range p.pending {
		if p.known[u.wants] == nil {
			o.needs = append(o.needs, u)
		}
	}
	return o
}

// Names lists the full names of the types that a schema file defines and of those
// it uses without defining them, sorted and each once. A needed name written
// without a namespace may also be that of a type in the null namespace; it is
// listed with the namespace it is used in.
func Names(source []byte) (defined, needed []string, err error) {
	d, err := readJSON("", source)
	if err != nil {
		return nil, nil, err
	}
	p := newParser()
	if _, err := p.begin(d); err != nil {
		return nil, nil, err
	}
	for full := range p.known {
		defined = append(defined, full)
	}
	for _, u := range p.pending {
		if p.known[u.wants] == nil {
			needed = append(needed, u.wants)
		}
	}
	slices.Sort(defined)
	slices.Sort(needed)
	return defined, slices.Compact(needed), nil
}

// sorter puts files in an order in which each comes after those it needs.
type sorter struct {
	main     *outline
	definers map[string]*outline // of the references, by full name
	ordered  []*document
	path     []*outline // from the file that was begun with to the current one
	done     map[*outline]bool
}

// inOrder sorts the references of a schema, whatever order they were given in.
func inOrder(main *document, refs []*document) ([]*document, error) {
	s := sorter{main: survey(main), definers: make(map[string]*outline), done: make(map[*outline]bool)}
	files := make([]*outline, len(refs))
	for i, ref := range refs {
		files[i] = survey(ref)
		for name := range files[i].defines {
			if s.definers[name] == nil {
				s.definers[name] = files[i]
			}
		}
	}
	slices.SortStableFunc(files, func(a, b *outline) int { return last(!a.broken) - last(!b.broken) })
	for _, file := range files {
		if err := s.visit(file); err != nil {
			return nil, err
		}
	}
	return s.ordered, nil
}

func (s *sorter) visit(o *outline) error {
	if s.done[o] {
		return nil
	}
	s.path = append(s.path, o)
	for _, u := range o.needs {
		definer := s.definer(u)
		switch {
		case definer == nil || definer == o:
			continue // reading the file in its turn says what is missing
		case definer == s.main, slices.Contains(s.path, definer):
			return s.refuseCircle(u, definer)
		}
		if err := s.visit(definer); err != nil {
			return err
		}
	}
	s.path = s.path[:len(s.path)-1]
	s.done[o] = true
	s.ordered = append(s.ordered, o.doc)
	return nil
}

// definer is the file that defines what is wanted. The schema itself comes last:
// its types are for its references only if they are nowhere else.
func (s *sorter) definer(u *use) *outline {
	for _, name := range []string{u.wants, u.text()} {
		if o := s.definers[name]; o != nil {
			return o
		}
	}
	for _, name := range []string{u.wants, u.text()} {
		if s.main.defines[name] != nil {
			return s.main
		}
	}
	return nil
}

// text is the name as it is written.
func (u *use) text() string {
	if u.at.kind == '"' {
		return u.at.text
	}
	text, _ := u.at.getText("type")
	return text
}

func (s *sorter) refuseCircle(u *use, definer *outline) error {
	path := s.path
	if i := slices.Index(path, definer); i >= 0 {
		path = path[i:]
	} else {
		path = append([]*outline{definer}, path...)
	}
	var names []string
	for _, o := range append(slices.Clone(path), definer) {
		if o.doc.name == "" {
			names = append(names, "the schema itself")
			continue
		}
		names = append(names, o.doc.name)
	}
	return u.at.refuse("the references form a circle: %s", strings.Join(names, " → ")).
		hinted(fmt.Sprintf("put %s and what refers to it into one file", u.wants))
}
