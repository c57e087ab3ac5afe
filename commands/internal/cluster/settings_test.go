package cluster

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const twoContexts = `current: home
contexts:
  home:
    brokers: [home:1]
    registry: {url: http://home:8081}
  prod:
    production: true
    brokers: [prod:1, prod:2]
    properties: {request.timeout.ms: 3000}
  bare: {}
`

func TestPrecedence(t *testing.T) {
	config := write(t, "config.yaml", twoContexts)
	properties := write(t, "client.properties", "bootstrap.servers=file:1\nschema.registry.url=http://file:8081\nrequest.timeout.ms=2000\n")
	type outcome struct {
		Context, Brokers, From, Registry string
		Production                       bool
		Timeout                          time.Duration
	}
	for _, test := range []struct {
		name  string
		flags Flags
		env   []string
		want  outcome
	}{
		{"nothing is asked", Flags{}, nil,
			outcome{"", "localhost:9092", "default", "http://localhost:8081", false, 10 * time.Second}},
		{"the current context", Flags{ConfigFile: config}, nil,
			outcome{"home", "home:1", `context "home"`, "http://home:8081", false, 10 * time.Second}},
		{"the contexts file of the environment", Flags{}, []string{"EVTCTL_CONFIG", config},
			outcome{"home", "home:1", `context "home"`, "http://home:8081", false, 10 * time.Second}},
		{"a context of the environment", Flags{ConfigFile: config}, []string{"EVTCTL_CONTEXT", "prod"},
			outcome{"prod", "prod:1,prod:2", `context "prod"`, "http://localhost:8081", true, 3 * time.Second}},
		{"a context by flag", Flags{ConfigFile: config, Context: "home"}, []string{"EVTCTL_CONTEXT", "prod"},
			outcome{"home", "home:1", `context "home"`, "http://home:8081", false, 10 * time.Second}},
		{"a context that says nothing", Flags{ConfigFile: config, Context: "bare"}, nil,
			outcome{"bare", "localhost:9092", "default", "http://localhost:8081", false, 10 * time.Second}},
		{"the environment over a context", Flags{ConfigFile: config, Context: "prod"}, []string{"EVTCTL_BROKERS", "env:1", "EVTCTL_REGISTRY", "http://env:8081"},
			outcome{"prod", "env:1", "environment", "http://env:8081", true, 3 * time.Second}},
		{"a properties file over the environment", Flags{ConfigFile: config, CommandConfig: properties}, []string{"EVTCTL_BROKERS", "env:1", "EVTCTL_REGISTRY", "http://env:8081"},
			outcome{"", "file:1", "property", "http://file:8081", false, 2 * time.Second}},
		{"other brokers are no business of the current context", Flags{ConfigFile: config, Brokers: []string{"flag:1"}}, nil,
			outcome{"", "flag:1", "flag", "http://localhost:8081", false, 10 * time.Second}},
		{"other brokers of the environment neither", Flags{ConfigFile: config}, []string{"EVTCTL_BROKERS", "env:1"},
			outcome{"", "env:1", "environment", "http://localhost:8081", false, 10 * time.Second}},
		{"unless the context is named", Flags{ConfigFile: config, Brokers: []string{"flag:1"}}, []string{"EVTCTL_CONTEXT", "prod"},
			outcome{"prod", "flag:1", "flag", "http://localhost:8081", true, 3 * time.Second}},
		{"-X over a properties file, the last one", Flags{CommandConfig: properties, Properties: []string{"bootstrap.servers=x:1", "bootstrap.servers=x:2"}}, nil,
			outcome{"", "x:2", "property", "http://file:8081", false, 2 * time.Second}},
		{"its own flag over everything", Flags{ConfigFile: config, Context: "prod", CommandConfig: properties, Brokers: []string{"flag:1"}, Registry: "http://flag:8081/", Timeout: time.Second, Properties: []string{"bootstrap.servers=x:1"}}, []string{"EVTCTL_BROKERS", "env:1"},
			outcome{"prod", "flag:1", "flag", "http://flag:8081", true, time.Second}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := resolve(t, test.flags, test.env...)
			got := outcome{s.Context, strings.Join(s.Brokers, ","), s.BrokersFrom, s.Registry, s.Production, s.Timeout}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatResolveRefuses(t *testing.T) {
	config := write(t, "config.yaml", twoContexts)
	for _, test := range []struct {
		name  string
		flags Flags
		env   []string
		says  []string
	}{
		{"an unknown context", Flags{ConfigFile: config, Context: "pord"}, nil, []string{`context "pord"`, `did you mean "prod"?`, "bare, home, prod"}},
		{"a context without a file", Flags{Context: "prod"}, nil, []string{`context "prod"`, "home directory"}},
		{"a contexts file that isn't there", Flags{ConfigFile: "/nonexistent/config.yaml"}, nil, []string{"/nonexistent/config.yaml", "does not exist"}},
		{"a contexts file of the environment that isn't there", Flags{}, []string{"EVTCTL_CONFIG", "/nonexistent/c.yaml"}, []string{"/nonexistent/c.yaml"}},
		{"an empty broker list", Flags{Brokers: []string{""}}, nil, []string{"--brokers: no broker address"}},
		{"a bad address in the environment", Flags{}, []string{"EVTCTL_BROKERS", "kafka://x"}, []string{"EVTCTL_BROKERS"}},
		{"a negative time limit", Flags{Timeout: -time.Second}, nil, []string{"--timeout: -1s"}},
		{"a time limit too short for any connection", Flags{Timeout: time.Millisecond}, nil, []string{"--timeout: 1ms"}},
		{"a time limit that isn't a number", Flags{Properties: []string{"request.timeout.ms=10s"}}, nil, []string{`request.timeout.ms: "10s"`}},
		{"a password in the registry flag", Flags{Registry: "http://a:pass-word@r"}, nil, []string{"--registry: user and password"}},
		{"a missing properties file", Flags{CommandConfig: "/nonexistent/x"}, nil, []string{"--command-config: /nonexistent/x: no such file"}},
		{"a directory", Flags{CommandConfig: "/"}, nil, []string{"--command-config: /: is a directory"}},
		{"a missing CA", Flags{Properties: []string{"security.protocol=SSL", "ssl.truststore.location=/nonexistent/ca"}}, nil, []string{"-X: ssl.truststore.location: /nonexistent/ca: no such file"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Resolve(test.flags, environment(test.env...))
			all := usageError(t, err).Error() + "\n" + err.(*UsageError).Hint()
			for _, want := range test.says {
				if !strings.Contains(all, want) {
					t.Errorf("%q doesn't say %q", all, want)
				}
			}
			if strings.Contains(all, "pass-word") {
				t.Errorf("it repeats the password: %s", all)
			}
		})
	}
}

func TestAMissingFileCanBeTold(t *testing.T) {
	_, err := Resolve(Flags{CommandConfig: "/nonexistent/x"}, environment())
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v isn't fs.ErrNotExist", err)
	}
}

func TestSettingsPrintNoSecret(t *testing.T) {
	properties := write(t, "client.properties", "security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\n"+
		"sasl.jaas.config=x.PlainLoginModule required username=\"u\" password=\"pass-word\";\nbasic.auth.user.info=u:pass-word\n")
	s := resolve(t, Flags{CommandConfig: properties}, "EVTCTL_REGISTRY", "http://u:pass-word@r")
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, value := range []any{s, *s, s.sasl, s.registry} {
			if text := fmt.Sprintf(format, value); strings.Contains(text, "pass-word") {
				t.Errorf("%s prints the password: %s", format, text)
			}
		}
	}
	if s.Registry != "http://r" {
		t.Errorf("registry is %q", s.Registry)
	}
}

func TestALoginGoesOnlyWhereItBelongs(t *testing.T) {
	config := write(t, "config.yaml", "current: prod\ncontexts:\n  prod:\n    brokers: [\"prod:9092\"]\n    registry: {url: \"http://prod:8081\", user: alice, password: {env: PW}}\n    sasl: {mechanism: PLAIN, user: alice, password: {env: PW}}\n")
	if s := resolve(t, Flags{ConfigFile: config}, "PW", "secret"); s.sasl.mechanism == "" || s.registry.user == "" {
		t.Fatalf("the context's own cluster gets no login: %+v", s)
	}
	if s := resolve(t, Flags{ConfigFile: config, Brokers: []string{"elsewhere:9092"}}, "PW", "secret"); s.sasl.mechanism != "" {
		t.Errorf("brokers elsewhere get the login of the current context")
	}
	if s := resolve(t, Flags{ConfigFile: config, Registry: "http://elsewhere:8081"}, "PW", "secret"); s.registry.user != "" {
		t.Errorf("a registry elsewhere gets the login of the current context's")
	}
}
