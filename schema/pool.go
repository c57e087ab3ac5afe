package schema

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Pool is schema files that others may refer to. What a schema needs is picked from
// it by name, so that a whole folder can be offered. It may be used from any
// goroutine.
type Pool struct {
	sources []Source
	learnt  map[Format]*learnt
}

// learnt is what the files of a language define and need, by their index. It is read
// when the first schema refers to something.
type learnt struct {
	once     sync.Once
	definers map[string][]int
	needs    map[int][]string
}

// NewPool makes a pool of files. Those of other formats, and those that can't be
// read as a schema, are left alone: a schema that needs one says what is missing.
func NewPool(sources []Source) *Pool {
	p := &Pool{sources: sources, learnt: map[Format]*learnt{}}
	for _, l := range Languages() {
		p.learnt[l.Format()] = &learnt{definers: map[string][]int{}, needs: map[int][]string{}}
	}
	return p
}

func (p *Pool) learn(l Language) *learnt {
	known := p.learnt[l.Format()]
	known.once.Do(func() {
		for i, src := range p.sources {
			if f := formatOf(src.Path); f != "" && f != l.Format() {
				continue
			}
			defines, needs, err := l.Names(src)
			if err != nil {
				continue
			}
			known.needs[i] = needs
			for _, name := range defines {
				known.definers[name] = append(known.definers[name], i)
			}
		}
	})
	return known
}

// pick finds the files that the names lead to, directly or through each other. The
// schema that needs them isn't one of them, whatever it defines. Names that no file
// defines are returned as missing.
func (p *Pool) pick(l Language, own string, needs []string) (found []Source, missing []string, err error) {
	if p == nil || len(needs) == 0 {
		return nil, needs, nil
	}
	known := p.learn(l)
	taken := map[int]bool{}
	for queue := slices.Clone(needs); len(queue) > 0; queue = queue[1:] {
		candidates := slices.DeleteFunc(slices.Clone(lookUp(known.definers, l.Format(), queue[0])), func(i int) bool { return p.sources[i].Path == own })
		if len(candidates) == 0 {
			missing = append(missing, queue[0])
			continue
		}
		first := candidates[0]
		for _, other := range candidates[1:] {
			if !bytes.Equal(p.sources[first].Text, p.sources[other].Text) {
				return nil, nil, fmt.Errorf("%q is in both %s and %s, which differ", queue[0], p.sources[first].Path, p.sources[other].Path)
			}
		}
		if !taken[first] {
			taken[first] = true
			source := p.sources[first]
			if source.Name == "" {
				source.Name = queue[0]
			}
			found = append(found, source)
			queue = append(queue, known.needs[first]...)
		}
	}
	return found, missing, nil
}

// parsePicking reads a schema with what it refers to out of a pool.
func parsePicking(l Language, path string, text []byte, available *Pool) (Parsed, error) {
	_, needs, err := l.Names(Source{Path: path, Text: text})
	if err != nil {
		return nil, err
	}
	refs, _, err := available.pick(l, path, needs)
	if err != nil {
		return nil, err
	}
	return l.Parse(text, refs) // which says what is missing, and where
}

// lookUp finds a name. In Avro a name without a namespace may be that of a type in
// none as well.
func lookUp(index map[string][]int, f Format, name string) []int {
	if found := index[name]; found != nil || f != Avro {
		return found
	}
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] == '.' {
			return index[name[i+1:]]
		}
	}
	return nil
}

// pathNames are the names by which others may refer to a file by its path: each end
// of it.
func pathNames(path string) []string {
	path = filepath.ToSlash(filepath.Clean(path))
	names := []string{path}
	for {
		_, rest, ok := strings.Cut(path, "/")
		if !ok {
			return names
		}
		names, path = append(names, rest), rest
	}
}

// all lists the pool's files.
func (p *Pool) all() []Source {
	if p == nil {
		return nil
	}
	return p.sources
}
