package avro

// matchBranches finds the old branch for each new one, both by index: that of the
// same kind and full name, or else one that the new one has as an alias, or else
// one that differs by its namespace only.
func matchBranches(from, to []*use) map[int]int {
	m := branchMatcher{from: from, to: to, matches: make(map[int]int, len(to)), taken: make(map[int]bool, len(to))}
	full := func(t *typ) []string { return []string{t.unionKey()} }
	m.match(full, full)
	m.match(full, func(t *typ) []string { return t.aliases })
	short := func(t *typ) []string {
		if !t.named() {
			return nil
		}
		return []string{t.name.short}
	}
	m.match(short, short)
	return m.matches
}

type branchMatcher struct {
	from, to []*use
	matches  map[int]int // new to old
	taken    map[int]bool
}

// match pairs what is left by the names that the functions give for old and new
// branches of the same kind.
func (m *branchMatcher) match(oldNames, newNames func(*typ) []string) {
	type key struct {
		kind kind
		name string
	}
	old := make(map[key]int)
	for i, branch := range m.from {
		if m.taken[i] {
			continue
		}
		for _, name := range oldNames(branch.is) {
			if k := (key{branch.is.kind, name}); !has(old, k) {
				old[k] = i
			}
		}
	}
	for j, branch := range m.to {
		if has(m.matches, j) {
			continue
		}
		for _, name := range newNames(branch.is) {
			if i, ok := old[key{branch.is.kind, name}]; ok && !m.taken[i] {
				m.matches[j], m.taken[i] = i, true
				break
			}
		}
	}
}

func has[K comparable, V any](m map[K]V, key K) bool {
	_, ok := m[key]
	return ok
}
