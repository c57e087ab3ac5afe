package cluster

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Flags are the connection flags as typed; zero values mean not given.
type Flags struct {
	Brokers       []string
	Registry      string
	Context       string
	ConfigFile    string
	CommandConfig string        // a file of Apache client properties
	Properties    []string      // -X key=value, in order; the last one of a key wins
	Timeout       time.Duration // 0: request.timeout.ms, else DefaultTimeout
}

// DefaultTimeout bounds a connection, and each request, unless told otherwise.
const DefaultTimeout = 10 * time.Second

const (
	defaultBroker   = "localhost:9092"
	defaultRegistry = "http://localhost:8081"
)

// Settings is everything needed to talk to one cluster and its registry. Make
// one with Resolve. It is safe for concurrent use.
type Settings struct {
	Context    string // the context's name; "" when none is used
	Production bool   // writes have to be confirmed by name
	Brokers    []string
	Registry   string // URL without user and password, and without a slash at the end
	Timeout    time.Duration

	// BrokersFrom says where Brokers came from: "flag", "property",
	// "environment", "context \"x\"" or "default".
	BrokersFrom string

	clientID string
	tls      tlsSource
	tlsConf  *tls.Config // nil: plain text
	sasl     saslSource
	registry registrySource

	elsewhere bool // brokers are given, and no context is named with them
	getenv    func(string) string
	watch     *watch
}

func newSettings(getenv func(string) string) *Settings {
	return &Settings{
		Brokers: []string{defaultBroker}, BrokersFrom: "default", Registry: defaultRegistry,
		Timeout: DefaultTimeout, clientID: "evtctl", getenv: getenv, watch: newWatch(),
	}
}

// String names the cluster for messages. It holds no secret, and neither does
// any other way of printing a Settings.
func (s *Settings) String() string {
	text := strings.Join(s.Brokers, ",")
	if s.Context != "" {
		text = fmt.Sprintf("%s (context %q)", text, s.Context)
	}
	return text
}

// Resolve merges flags, environment, context and defaults, in that order; the
// package comment has the details. It reads the contexts file, the properties
// file and TLS files, but runs no secret's command and opens no connection.
// Errors are *UsageError.
func Resolve(f Flags, getenv func(string) string) (*Settings, error) {
	s := newSettings(getenv)
	given, err := givenProperties(f)
	if err != nil {
		return nil, err
	}
	named := f.Context != "" || getenv("EVTCTL_CONTEXT") != ""
	if len(f.Brokers) > 0 || given.get(keyBrokers) != "" || getenv("EVTCTL_BROKERS") != "" {
		s.elsewhere = !named // another cluster, which the current context's login is not for
	}
	name, context, dir, err := s.chooseContext(f)
	if err != nil {
		return nil, err
	}
	if context != nil {
		if !named && cmp.Or(f.Registry, getenv("EVTCTL_REGISTRY")) != "" {
			context = context.withoutRegistry()
		}
		if err := s.applyContext(name, context, dir); err != nil {
			return nil, err
		}
	}
	if err := s.applyEnvironment(); err != nil {
		return nil, err
	}
	if err := s.applyProperties(given, "property"); err != nil {
		return nil, err
	}
	if err := s.applyFlags(f); err != nil {
		return nil, err
	}
	if s.tlsConf, err = s.tls.config(); err != nil {
		return nil, err
	}
	return s, s.sasl.check()
}

// chooseContext finds the context in force and the folder of its file; nil when
// there is none.
func (s *Settings) chooseContext(f Flags) (name string, context *Context, dir string, err error) {
	getenv := s.getenv
	if s.elsewhere {
		return "", nil, "", nil
	}
	path := cmp.Or(f.ConfigFile, DefaultPath(getenv))
	if explicit := f.ConfigFile != "" || getenv("EVTCTL_CONFIG") != ""; explicit {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return "", nil, "", usagef("\"evtctl context add\" creates it", "contexts file %s: %w", path, fs.ErrNotExist)
		}
	}
	config, err := Load(path)
	if err != nil {
		return "", nil, "", err
	}
	where := path + ": current"
	switch {
	case f.Context != "":
		where, name = "--context", f.Context
	case getenv("EVTCTL_CONTEXT") != "":
		where, name = "EVTCTL_CONTEXT", getenv("EVTCTL_CONTEXT")
	default:
		name = config.Current
	}
	if name == "" {
		return "", nil, "", nil
	}
	if context, err = config.Context(name); err != nil {
		return "", nil, "", usagef(err.(*UsageError).Hint(), "%s: %w", where, err)
	}
	return name, context, filepath.Dir(path), nil
}

// givenProperties are those of --command-config with those of -X over them.
func givenProperties(f Flags) (propertySet, error) {
	given := propertySet{}
	if f.CommandConfig != "" {
		file, err := readCommandConfig(f.CommandConfig)
		if err != nil {
			return nil, err
		}
		given = file
	}
	flags, err := parseXFlags(f.Properties)
	return given.overlay(flags), err
}
