package cluster

import (
	"errors"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// Config is the contexts file: named clusters and which of them is current, and the
// user's own dialects of dead letters.
type Config struct {
	Current  string
	Dialects []Dialect // of dead letters, besides those that evtctl knows
	Health   Health    // limits for every context that doesn't set them itself
	contexts map[string]*Context

	path   string
	source []byte // the file as read; nil when there was none
}

// Context is one named cluster.
type Context struct {
	Brokers    []string `yaml:"brokers,omitempty" json:"brokers,omitempty"` // host:port
	Registry   Registry `yaml:"registry,omitempty" json:"registry,omitzero"`
	Production bool     `yaml:"production,omitempty" json:"production,omitempty"` // writes need the name typed
	TLS        *TLS     `yaml:"tls,omitempty" json:"tls,omitempty"`
	SASL       *SASL    `yaml:"sasl,omitempty" json:"sasl,omitempty"`
	// Properties are Apache client properties; they win over the keys above.
	Properties map[string]string `yaml:"properties,omitempty" json:"properties,omitempty"`
	// Health win over the limits of the whole file.
	Health *Health `yaml:"health,omitempty" json:"health,omitempty"`
}

// Registry is where the schema registry is and how to log in there: with user
// and password, with a token, or not at all.
type Registry struct {
	URL      string `yaml:"url,omitempty" json:"url,omitempty"`
	User     string `yaml:"user,omitempty" json:"user,omitempty"`
	Password Secret `yaml:"password,omitempty" json:"password,omitzero"`
	CA       string `yaml:"ca,omitempty" json:"ca,omitempty"` // PEM file; empty: the system's authorities
	Token    Secret `yaml:"token,omitempty" json:"token,omitzero"`
}

// TLS is how brokers prove who they are, and optionally we to them.
type TLS struct {
	Enabled            *bool  `yaml:"enabled,omitempty" json:"enabled,omitempty"`         // absent: true
	CA                 string `yaml:"ca,omitempty" json:"ca,omitempty"`                   // PEM file; empty: the system's authorities
	Cert               string `yaml:"cert,omitempty" json:"cert,omitempty"`               // PEM file, the client's chain
	Key                string `yaml:"key,omitempty" json:"key,omitempty"`                 // PEM file; empty: in Cert
	ServerName         string `yaml:"server_name,omitempty" json:"server_name,omitempty"` // expected in the certificate instead of the host dialed
	InsecureSkipVerify bool   `yaml:"insecure_skip_verify,omitempty" json:"insecure_skip_verify,omitempty"`
}

// SASL is how we log in to brokers. PLAIN and SCRAM take user and password,
// OAUTHBEARER a token or an endpoint that gives one for client credentials.
type SASL struct {
	Mechanism     string `yaml:"mechanism,omitempty" json:"mechanism,omitempty"`
	User          string `yaml:"user,omitempty" json:"user,omitempty"`
	Password      Secret `yaml:"password,omitempty" json:"password,omitzero"`
	Token         Secret `yaml:"token,omitempty" json:"token,omitzero"`
	TokenEndpoint string `yaml:"token_endpoint,omitempty" json:"token_endpoint,omitempty"`
	ClientID      string `yaml:"client_id,omitempty" json:"client_id,omitempty"`
	ClientSecret  Secret `yaml:"client_secret,omitempty" json:"client_secret,omitzero"`
	Scope         string `yaml:"scope,omitempty" json:"scope,omitempty"` // several are separated by spaces
}

// DefaultPath is where the contexts file is when no --config says otherwise:
// $EVTCTL_CONFIG, else evtctl/config.yaml under the user's configuration
// folder, found as os.UserConfigDir does but through getenv. It is empty when
// the environment names no such folder.
func DefaultPath(getenv func(string) string) string {
	if path := getenv("EVTCTL_CONFIG"); path != "" {
		return path
	}
	dir := getenv("XDG_CONFIG_HOME")
	if home := getenv("HOME"); !filepath.IsAbs(dir) && home != "" {
		dir = filepath.Join(home, ".config")
		if runtime.GOOS == "darwin" {
			dir = filepath.Join(home, "Library", "Application Support")
		}
	}
	if runtime.GOOS == "windows" {
		dir = getenv("AppData")
	}
	if !filepath.IsAbs(dir) {
		return ""
	}
	return filepath.Join(dir, "evtctl", "config.yaml")
}

// Load reads the contexts file. A file that isn't there is an empty Config,
// which Save then creates. An unknown key, a wrong type, or a literal where a
// secret belongs is a *UsageError with line and column.
func Load(path string) (*Config, error) {
	c := &Config{path: path, contexts: map[string]*Context{}}
	if path == "" {
		return c, nil
	}
	file, err := readFile("contexts file", path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, err
	}
	content, err := parseConfig(path, file.data)
	if err != nil {
		return nil, err
	}
	if err := mayRunCommands(file, content); err != nil {
		return nil, err
	}
	c.source, c.Current, c.Dialects, c.Health = file.data, content.Current, content.Dialects, content.Health
	maps.Copy(c.contexts, content.Contexts)
	return c, nil
}

// mayRunCommands refuses a file with secret commands that others can change:
// whoever writes it decides what the reader runs.
func mayRunCommands(file settingsFile, content configFile) error {
	if runtime.GOOS == "windows" || !file.mode.IsRegular() || file.mode.Perm()&0o022 == 0 {
		return nil
	}
	for name, context := range content.Contexts {
		for _, secret := range context.secrets() {
			if secret.at.Command != "" {
				return usagef("chmod go-w "+shellQuote(file.path),
					"contexts file %s: context %q runs a command for %s, and the file's mode %04o lets other users change it",
					file.path, name, secret.key, file.mode.Perm())
			}
		}
	}
	return nil
}

// Names are the contexts' names, sorted.
func (c *Config) Names() []string { return slices.Sorted(maps.Keys(c.contexts)) }

// Path is the file that Save writes.
func (c *Config) Path() string { return c.path }

// Context gives the named context. An unknown name is a *UsageError that
// suggests one.
func (c *Config) Context(name string) (*Context, error) {
	if context, ok := c.contexts[name]; ok {
		return context, nil
	}
	hint := "the file has no contexts; add one with \"evtctl context add\""
	if names := c.Names(); len(names) > 0 {
		hint = "there are: " + strings.Join(names, ", ")
		if near := nearest(name, names); near != "" {
			hint = "did you mean \"" + near + "\"? " + hint
		}
	}
	return nil, usagef(hint, "context %q is not in %s", name, c.describePath())
}

func (c *Config) describePath() string {
	if c.path == "" {
		return "the contexts file, for which neither EVTCTL_CONFIG nor a home directory is set"
	}
	return c.path
}

var contextName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@:/-]*$`)

// Add adds a context; Save then writes it. The name must be new, and the
// context complete.
func (c *Config) Add(name string, context *Context) error {
	if !contextName.MatchString(name) {
		return usagef("use letters, digits and . _ - @ : /, beginning with a letter or digit", "%q is not a context name", name)
	}
	if _, taken := c.contexts[name]; taken {
		return usagef("choose another name, or edit "+c.path, "context %q exists already", name)
	}
	if err := context.check(name); err != nil {
		return err
	}
	c.contexts[name] = context
	return nil
}

// Use makes the named context the current one; Save then writes it.
func (c *Config) Use(name string) error {
	if _, err := c.Context(name); err != nil {
		return err
	}
	c.Current = name
	return nil
}

// check finds what strict reading can't: addresses, secrets with two sources,
// properties that are unknown or hold a secret, an incomplete login.
func (c *Context) check(name string) error {
	for _, secret := range c.secrets() {
		if secret.at.sources() > 1 {
			return usagef("", "context %q: %s: give exactly one of env, file and command", name, secret.key)
		}
	}
	s := newSettings(func(string) string { return "" })
	return s.applyContext(name, c, "")
}

// withoutRegistry is the context for a registry other than its own, which its
// registry's login is not for.
func (c *Context) withoutRegistry() *Context {
	other := *c
	other.Registry = Registry{}
	return &other
}

type namedSecret struct {
	key string
	at  Secret
}

func (c *Context) secrets() []namedSecret {
	list := []namedSecret{{"registry.password", c.Registry.Password}, {"registry.token", c.Registry.Token}}
	if c.SASL != nil {
		list = append(list, namedSecret{"sasl.password", c.SASL.Password},
			namedSecret{"sasl.token", c.SASL.Token}, namedSecret{"sasl.client_secret", c.SASL.ClientSecret})
	}
	return list
}
