package avro

import (
	"fmt"
	"strings"
	"unicode"
)

// checkName holds a name to the rule of Java's default validation: a letter of
// any script or an underscore first, then also digits of any script. Letters
// beyond the basic plane are refused there, and so here.
func checkName(name string) error {
	if name == "" {
		return fmt.Errorf("a name is empty")
	}
	for i, r := range name {
		if r == '_' || r <= 0xffff && (unicode.IsLetter(r) || i > 0 && unicode.IsDigit(r)) {
			continue
		}
		if i == 0 {
			return fmt.Errorf("%q isn't a name: it begins with %q, not with a letter or an underscore", shorten(name, 80), r)
		}
		return fmt.Errorf("%q isn't a name: %q is neither a letter, a digit nor an underscore", shorten(name, 80), r)
	}
	return nil
}

// checkNamespace holds each part of a namespace to the rule for names.
func checkNamespace(n name) error {
	if n.space == "" {
		return nil
	}
	for part := range strings.SplitSeq(n.space, ".") {
		if err := checkName(part); err != nil {
			return fmt.Errorf("namespace %q: %w", shorten(n.space, 80), err)
		}
	}
	return nil
}

// parseName reads the name and namespace of a definition.
func parseName(v *value, space string) (name, error) {
	text, ok := v.getText("name")
	if !ok {
		return name{}, v.refuse("this %s has no name", v.get("type").text)
	}
	if own, ok := v.getText("namespace"); ok {
		space = own
	}
	n := newName(text, space)
	if err := checkName(n.short); err != nil {
		return name{}, v.get("name").refuse("%v", err)
	}
	if _, taken := primitives[n.full]; taken {
		return name{}, v.get("name").refuse("%q is the name of a primitive type", n.full)
	}
	if err := checkNamespace(n); err != nil {
		at := v.get("name")
		if _, ok := v.getText("namespace"); ok && !strings.Contains(text, ".") {
			at = v.get("namespace")
		}
		return name{}, at.refuse("%v", err)
	}
	return n, nil
}

// parseAliases reads the aliases of a definition or a field, each once.
func parseAliases(v *value) ([]string, error) {
	list := v.get("aliases")
	if list == nil {
		return nil, nil
	}
	if list.kind != '[' {
		return nil, list.refuse("aliases must be an array of names")
	}
	var aliases []string
	seen := make(map[string]bool)
	for _, alias := range list.elements {
		if alias.kind != '"' {
			return nil, alias.refuse("an alias must be a name")
		}
		if !seen[alias.text] {
			seen[alias.text] = true
			aliases = append(aliases, alias.text)
		}
	}
	return aliases, nil
}

// aliasNames reads the aliases of a definition as the full names that Java
// compares a writer's full name with. An alias in the null namespace of a type
// that has a namespace becomes ".Name" there, which no full name equals: such an
// alias has no effect, and to say otherwise would promise too much.
func aliasNames(v *value, of name) ([]string, error) {
	aliases, err := parseAliases(v)
	if err != nil {
		return nil, err
	}
	for i, alias := range aliases {
		n := newName(alias, of.space)
		if err := checkName(n.short); err != nil {
			return nil, v.get("aliases").refuse("alias: %v", err)
		}
		aliases[i] = n.full
		if n.space == "" && of.space != "" {
			aliases[i] = "." + n.short
		}
	}
	return aliases, nil
}
