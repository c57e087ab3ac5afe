package cluster

import (
	"maps"
	"slices"
	"strings"

	"github.com/magiconair/properties"
)

// property is one Java client property and where it was given.
type property struct {
	value string
	from  string
}

type propertySet map[string]property

// overlay gives p with the properties of over put over it.
func (p propertySet) overlay(over propertySet) propertySet {
	merged := propertySet{}
	maps.Copy(merged, p)
	maps.Copy(merged, over)
	return merged
}

func (p propertySet) get(key string) string { return p[key].value }

// credential gives the property's value as a secret, zero when there is none.
func (p propertySet) credential(key, what string) credential {
	if p.get(key) == "" {
		return credential{}
	}
	return literal(what, p.get(key))
}

// firstOf gives the first of keys that is set, or "".
func (p propertySet) firstOf(keys ...string) string {
	for _, key := range keys {
		if p.get(key) != "" {
			return key
		}
	}
	return ""
}

// trimProperty trims a value as Kafka's ConfigDef does: all but passwords.
func trimProperty(key, value string) string {
	if holdsSecret(key, value) {
		return value
	}
	return strings.TrimSpace(value)
}

// readCommandConfig reads a Java properties file as Java does: ISO-8859-1 with
// \u escapes, and without expanding ${}, which would change passwords.
func readCommandConfig(path string) (propertySet, error) {
	const flag = "--command-config"
	file, err := readFile(flag, path)
	if err != nil {
		return nil, err
	}
	loader := properties.Loader{Encoding: properties.ISO_8859_1, DisableExpansion: true}
	parsed, err := loader.LoadBytes(file.data)
	if err != nil {
		// The error may quote the line, secrets included.
		return nil, usagef("it has to be lines of key=value", "%s: %s isn't a Java properties file", flag, path)
	}
	from := flag + " " + path
	set := propertySet{}
	for _, key := range parsed.Keys() {
		value := parsed.GetString(key, "")
		if err := checkProperty(from, key); err != nil {
			return nil, err
		}
		if holdsSecret(key, value) {
			if err := file.mustBePrivate(flag); err != nil {
				return nil, err
			}
		}
		set[key] = property{value: trimProperty(key, value), from: from}
	}
	return set, nil
}

// parseXFlags reads the -X key=value flags. Secrets are refused: the command
// line shows in process lists and in the shell's history.
func parseXFlags(flags []string) (propertySet, error) {
	set := propertySet{}
	for _, flag := range flags {
		key, value, found := strings.Cut(flag, "=")
		key = strings.TrimSpace(key)
		if !found || key == "" {
			// Without "=", what was typed may be a lone secret.
			return nil, usagef("such as -X security.protocol=SASL_SSL", "-X: has to be key=value")
		}
		if err := checkProperty("-X", key); err != nil {
			return nil, err
		}
		if holdsSecret(key, value) {
			return nil, usagef("put it into a file with mode 0600 and give that with --command-config, or name a secret's source in a context",
				"-X %s: holds a secret, and the command line is visible to other users", key)
		}
		set[key] = property{value: trimProperty(key, value), from: "-X"}
	}
	return set, nil
}

// contextProperties checks the "properties" of a context, which like the rest
// of the contexts file must not hold secrets.
func contextProperties(name string, context *Context) (propertySet, error) {
	from := "context \"" + name + "\""
	set := propertySet{}
	for _, key := range slices.Sorted(maps.Keys(context.Properties)) {
		value := context.Properties[key]
		if err := checkProperty(from, key); err != nil {
			return nil, err
		}
		if holdsSecret(key, value) {
			return nil, usagef("use the context's own keys, such as sasl: {password: {env: NAME}}, or a --command-config file",
				"%s: properties: %s holds a secret, which the contexts file never does", from, key)
		}
		set[key] = property{value: trimProperty(key, value), from: from}
	}
	return set, nil
}
