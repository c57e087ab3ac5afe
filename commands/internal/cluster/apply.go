package cluster

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// applyContext takes the settings of a context. dir is where its relative paths
// start.
func (s *Settings) applyContext(name string, context *Context, dir string) error {
	from := fmt.Sprintf("context %q", name)
	s.Context, s.Production = name, context.Production
	if context.Brokers != nil {
		if err := s.setBrokers(context.Brokers, from+": brokers", from); err != nil {
			return err
		}
	}
	if err := s.applyContextRegistry(from, context.Registry, dir); err != nil {
		return err
	}
	s.tls = newTLSSource(from, context.TLS, dir, s.getenv)
	var err error
	if s.sasl, err = s.newSASLSource(from, context.SASL, dir); err != nil {
		return err
	}
	set, err := contextProperties(name, context)
	if err != nil {
		return err
	}
	if err := s.applyProperties(set, from); err != nil {
		return err
	}
	return s.sasl.check()
}

// applyEnvironment takes brokers and registry from the environment.
func (s *Settings) applyEnvironment() error {
	if value := s.getenv("EVTCTL_BROKERS"); value != "" {
		if err := s.setBrokers([]string{value}, "EVTCTL_BROKERS", "environment"); err != nil {
			return err
		}
	}
	value := s.getenv("EVTCTL_REGISTRY")
	if value == "" {
		return nil
	}
	base, user, err := parseRegistry(value, "EVTCTL_REGISTRY")
	if err != nil {
		return err
	}
	s.Registry = base
	if user != nil {
		password := credential{}
		if text, given := user.Password(); given {
			password = literal("the registry password", text)
		}
		s.registry.login(user.Username(), password)
	}
	return nil
}

func (s *Settings) applyFlags(f Flags) error {
	if f.Brokers != nil {
		if err := s.setBrokers(f.Brokers, "--brokers", "flag"); err != nil {
			return err
		}
	}
	if f.Registry != "" {
		if err := s.setRegistry(f.Registry, "--registry"); err != nil {
			return err
		}
	}
	if f.Timeout != 0 {
		return s.setTimeout(f.Timeout, "--timeout")
	}
	return nil
}

func (s *Settings) credential(what string, from Secret, dir string) credential {
	return credential{what: what, from: from, dir: dir, getenv: s.getenv}
}

func (s *Settings) setBrokers(list []string, where, from string) error {
	brokers, err := parseBrokers(list, where)
	if err != nil {
		return err
	}
	s.Brokers, s.BrokersFrom = brokers, from
	return nil
}

// setRegistry takes the URL of a source that mustn't hold a password.
func (s *Settings) setRegistry(raw, where string) error {
	base, user, err := parseRegistry(raw, where)
	if err != nil {
		return err
	}
	if user != nil {
		return usagef("set registry: {url, user, password: {env: NAME}} in a context",
			"%s: user and password don't belong into the URL", where)
	}
	s.Registry = base
	return nil
}

// setTimeout refuses limits that no connection can keep, and those that don't
// fit into Kafka's 32-bit milliseconds.
func (s *Settings) setTimeout(limit time.Duration, where string) error {
	const shortest, longest = 100 * time.Millisecond, 24 * time.Hour
	if limit < shortest || limit > longest {
		return usagef("such as 10s", "%s: %s isn't from %s to %s", where, limit, shortest, longest)
	}
	s.Timeout = limit
	return nil
}

// applyProperties takes the settings of Java client properties; those that are
// absent stay as they are.
func (s *Settings) applyProperties(p propertySet, from string) error {
	if list := p[keyBrokers]; list.value != "" {
		if err := s.setBrokers([]string{list.value}, list.from+": "+keyBrokers, from); err != nil {
			return err
		}
	}
	if ms := p[keyRequestTimeout]; ms.value != "" {
		where := ms.from + ": " + keyRequestTimeout
		n, err := strconv.ParseInt(ms.value, 10, 32)
		if err != nil {
			return usagef("such as 10000", "%s: %q isn't a number of milliseconds", where, ms.value)
		}
		if err := s.setTimeout(time.Duration(n)*time.Millisecond, where); err != nil {
			return err
		}
	}
	s.clientID = cmp.Or(p.get(keyClientID), s.clientID)
	if err := s.applyProtocol(p); err != nil {
		return err
	}
	if err := s.tls.applyProperties(p); err != nil {
		return err
	}
	if err := s.sasl.applyProperties(p); err != nil {
		return err
	}
	return s.applyRegistryProperties(p)
}

// applyProtocol switches TLS and SASL on and off. Java takes PLAINTEXT when
// there is no security.protocol, and then ignores ssl.* and sasl.* without a
// word; here that is an error, for a password or trust store that isn't used is
// a mistake.
func (s *Settings) applyProtocol(p propertySet) error {
	protocol := p[keyProtocol]
	switch strings.ToUpper(protocol.value) {
	case "PLAINTEXT":
		s.tls.enabled, s.sasl.enabled = false, false
	case "SSL":
		s.tls.enabled, s.sasl.enabled = true, false
	case "SASL_PLAINTEXT":
		s.tls.enabled, s.sasl.enabled = false, true
	case "SASL_SSL":
		s.tls.enabled, s.sasl.enabled = true, true
	case "":
		if key := p.firstOf(keyTruststore, keyTruststoreInline, keyKeystore, keyKeystoreChain); key != "" && !s.tls.enabled {
			return usagef("add security.protocol=SSL or SASL_SSL", "%s: %s has no effect without security.protocol", p[key].from, key)
		}
		if key := p.firstOf(keyMechanism, keyJAAS); key != "" && !s.sasl.enabled {
			return usagef("add security.protocol=SASL_SSL or SASL_PLAINTEXT", "%s: %s has no effect without security.protocol", p[key].from, key)
		}
	default:
		known := []string{"PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"}
		return usagef(suggest(protocol.value, known), "%s: %s: %q is unknown", protocol.from, keyProtocol, protocol.value)
	}
	return nil
}
