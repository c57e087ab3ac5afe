package cluster

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const wholeContext = `
current: prod
contexts:
  prod:
    brokers: [kafka-1:9093, kafka-2:9093]
    registry: {url: https://registry, user: evtctl, password: {env: REGISTRY_PASSWORD}, ca: ca.pem}
    production: true
    tls: {enabled: true, ca: ca.pem, cert: me.pem, key: me.key, server_name: kafka, insecure_skip_verify: false}
    sasl:
      mechanism: oauthbearer
      token_endpoint: https://idp/token
      client_id: evtctl
      client_secret: {command: "vault read -field=secret evtctl"}
      scope: kafka
    properties: {request.timeout.ms: 5000, client.id: ops}
`

func TestLoadReadsEveryKey(t *testing.T) {
	config, err := Load(write(t, "config.yaml", wholeContext))
	if err != nil {
		t.Fatal(err)
	}
	got, err := config.Context(config.Current)
	if err != nil {
		t.Fatal(err)
	}
	on := true
	want := &Context{
		Brokers:    []string{"kafka-1:9093", "kafka-2:9093"},
		Registry:   Registry{URL: "https://registry", User: "evtctl", Password: Secret{Env: "REGISTRY_PASSWORD"}, CA: "ca.pem"},
		Production: true,
		TLS:        &TLS{Enabled: &on, CA: "ca.pem", Cert: "me.pem", Key: "me.key", ServerName: "kafka"},
		SASL: &SASL{Mechanism: "oauthbearer", TokenEndpoint: "https://idp/token", ClientID: "evtctl",
			ClientSecret: Secret{Command: "vault read -field=secret evtctl"}, Scope: "kafka"},
		Properties: map[string]string{"request.timeout.ms": "5000", "client.id": "ops"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if names := config.Names(); len(names) != 1 || names[0] != "prod" {
		t.Errorf("names are %v", names)
	}
}

func TestLoadOfNothingIsEmpty(t *testing.T) {
	for name, path := range map[string]string{
		"no path": "", "no file": filepath.Join(t.TempDir(), "config.yaml"),
		"an empty file": write(t, "config.yaml", ""), "only a comment": write(t, "config.yaml", "# mine\n"), "no contexts": write(t, "config.yaml", "contexts:\n"),
	} {
		if config, err := Load(path); err != nil || len(config.Names()) != 0 {
			t.Errorf("%s: %v, %v", name, config, err)
		}
	}
}

func TestWhatLoadRefuses(t *testing.T) {
	for _, test := range []struct{ name, text, at, says string }{
		{"an unknown key", "contexts:\n  a:\n    brokrs: [x]\n", ":3:5: ", `unknown key "contexts.a.brokrs"` + "\n" + `did you mean "brokers"?`},
		{"a key in the wrong place", "contexts:\n  a:\n    tls: {password: {env: X}}\n", ":3:11: ", "known are: enabled, ca, cert"},
		{"an unknown key at the top", "curent: a\n", ":1:1: ", `did you mean "current"?`},
		{"a literal password", "contexts:\n  a:\n    sasl: {user: u, password: pass-word}\n", ":3:31: ", "contexts.a.sasl.password is written out"},
		{"a literal number as password", "contexts:\n  a:\n    sasl:\n      password: 1234\n", ":4:17: ", "{env: NAME}, {file: PATH} or {command:"},
		{"two sources for a secret", "contexts:\n  a:\n    sasl: {token: {env: A, file: b}}\n", ":3:", "exactly one of env, file and command"},
		{"no source for a secret", "contexts:\n  a:\n    sasl: {token: {}}\n", ":3:", "exactly one of env, file and command"},
		{"brokers that are no list", "contexts:\n  a:\n    brokers: x:1,y:2\n", ":3:14: ", "contexts.a.brokers has to be a list"},
		{"a truth that is none", "contexts:\n  a:\n    production: yes please\n", ":3:17: ", "true or false"},
		{"text that is a list", "contexts:\n  a:\n    registry: {url: [x]}\n", ":3:21: ", "contexts.a.registry.url has to be text"},
		{"an address that reads as a mapping", "contexts: {a: {brokers: [a:1]}}\n", ":1:", "contexts.a.brokers[0] has to be text; put it in quotes"},
		{"contexts that are a list", "contexts: [a]\n", ":1:11: ", "contexts has to be keys and values"},
		{"text alone", "hello\n", ":1:1: ", "the file has to be keys and values"},
		{"a key twice", "contexts:\n  a: {}\n  a: {}\n", ":3:3: ", "a"},
		{"broken YAML", "contexts:\n  a: {brokers: [x\n", ":2:", ""},
		{"two documents", "current: a\n---\ncurrent: b\n", "", "2 documents"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := write(t, "config.yaml", test.text)
			_, err := Load(path)
			all := usageError(t, err).Error() + "\n" + err.(*UsageError).Hint()
			if !strings.HasPrefix(all, path+test.at) || !strings.Contains(all, test.says) {
				t.Errorf("%q doesn't say %q at %q", all, test.says, test.at)
			}
			if said := strings.TrimPrefix(all, path); strings.Contains(said, "pass-word") || strings.Contains(said, "1234") {
				t.Errorf("it repeats the secret: %s", all)
			}
		})
	}
}

func TestAFileWithCommandsMustNotBeWritableByOthers(t *testing.T) {
	_, err := Load(write(t, "config.yaml", wholeContext, 0o664))
	if hint := usageError(t, err).Hint(); !strings.HasPrefix(hint, "chmod go-w ") {
		t.Errorf("hint is %q", hint)
	}
	if _, err := Load(write(t, "config.yaml", wholeContext, 0o644)); err != nil {
		t.Errorf("readable by all: %v", err)
	}
	if _, err := Load(write(t, "config.yaml", "contexts: {a: {brokers: [x]}}", 0o666)); err != nil {
		t.Errorf("without commands: %v", err)
	}
}

func TestSaveKeepsEverythingElse(t *testing.T) {
	const before = `# our clusters
current: home   # the laptop

contexts:
    # nothing to break here
    home:
        brokers: ["home:1"]   # one

    prod:
        production: true

# the end
`
	const after = `# our clusters
current: new # the laptop

contexts:
    # nothing to break here
    home:
        brokers: ["home:1"]   # one

    prod:
        production: true
    new:
      brokers:
        - new:1
      sasl:
        mechanism: PLAIN
        user: me
        password:
          env: P

# the end
`
	path := write(t, "config.yaml", before, 0o644)
	config, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	added := &Context{Brokers: []string{"new:1"}, SASL: &SASL{Mechanism: "PLAIN", User: "me", Password: Secret{Env: "P"}}}
	if err := config.Add("new", added); err != nil {
		t.Fatal(err)
	}
	if err := config.Use("new"); err != nil {
		t.Fatal(err)
	}
	if err := config.Save(); err != nil {
		t.Fatal(err)
	}
	assertFile(t, path, after)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode is %v, %v", info.Mode(), err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("files left: %v, %v", left, err)
	}
	if err := config.Use("home"); err != nil {
		t.Fatal(err)
	}
	if err := config.Save(); err != nil { // a second time, from what the first one wrote
		t.Fatal(err)
	}
	assertFile(t, path, strings.Replace(after, "current: new", "current: home", 1))
}

func assertFile(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func TestSavedContextsReadBackTheSame(t *testing.T) {
	for name, before := range map[string]string{
		"from nothing":            "",
		"from a comment":          "# keep: mine\n",
		"from one-line contexts":  "contexts: {home: {brokers: [\"home:1\"]}}\n",
		"without a current one":   "contexts:\n  home: {}\n",
		"current below":           "contexts:\n  # keep: laptop\n  home: {}\n\n# keep: which\ncurrent: home\n",
		"only a current one":      "# keep: which\ncurrent: gone\n",
		"without a final newline": "contexts:\n  home: {}",
		"from no contexts":        "contexts:\n",
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, "config.yaml", before)
			config, err := Load(path)
			if err != nil {
				t.Fatal(err)
			}
			whole, err := parseConfig("whole", []byte(wholeContext))
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"prod", "a.b/c:d@e"} {
				if err := config.Add(name, whole.Contexts["prod"]); err != nil {
					t.Fatal(err)
				}
			}
			if err := config.Use("a.b/c:d@e"); err != nil {
				t.Fatal(err)
			}
			if err := config.Save(); err != nil {
				t.Fatal(err)
			}
			again, err := Load(path)
			if err != nil {
				t.Fatal(err)
			}
			if kept := strings.Count(string(again.source), "# keep"); kept != strings.Count(before, "# keep") {
				t.Errorf("comments are lost:\n%s", again.source)
			}
			if diff := cmp.Diff(config.contexts, again.contexts); diff != "" || again.Current != "a.b/c:d@e" {
				t.Errorf("current %q, contexts (-saved +loaded):\n%s\n%s", again.Current, diff, again.source)
			}
		})
	}
}

func TestSaveMakesItsFolderAndKeepsALink(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "new", "evtctl", "config.yaml")
	config, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := config.Save(); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link.yaml")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if config, err = Load(link); err != nil {
		t.Fatal(err)
	}
	if err := config.Add("a", &Context{}); err != nil {
		t.Fatal(err)
	}
	if err := config.Save(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", info, err)
	}
	if config, err = Load(path); err != nil || len(config.Names()) != 1 {
		t.Errorf("the target has %v, %v", config.Names(), err)
	}
}

func TestSaveLosesNoChangeOfSomebodyElse(t *testing.T) {
	path := write(t, "config.yaml", "contexts:\n  a: {}\n")
	config, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	const theirs = "contexts:\n  b: {}\n"
	if err := os.WriteFile(path, []byte(theirs), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := usageError(t, config.Save()); !strings.Contains(err.Error(), "changed in the meantime") {
		t.Errorf("error is %v", err)
	}
	assertFile(t, path, theirs)
	nowhere, err := Load("")
	if err != nil {
		t.Fatal(err)
	}
	if err := usageError(t, nowhere.Save()); !strings.Contains(err.Hint(), "--config") {
		t.Errorf("hint is %q", err.Hint())
	}
}

func TestWhatAddRefuses(t *testing.T) {
	for _, test := range []struct {
		name    string
		context Context
		says    string
	}{
		{"prod", Context{}, "exists already"},
		{"", Context{}, "not a context name"},
		{"-x", Context{}, "not a context name"},
		{"a b", Context{}, "not a context name"},
		{"a\x1b[31m", Context{}, "not a context name"},
		{"new", Context{Brokers: []string{"kafka://x"}}, "not a broker address"},
		{"new", Context{Brokers: []string{}}, "no broker address"},
		{"new", Context{Registry: Registry{URL: "x"}}, "not a registry URL"},
		{"new", Context{Registry: Registry{User: "u", Token: Secret{Env: "T"}}}, "both user and token"},
		{"new", Context{Registry: Registry{Password: Secret{Env: "T"}}}, "password and no user"},
		{"new", Context{SASL: &SASL{}}, "SASL without a mechanism"},
		{"new", Context{SASL: &SASL{Mechanism: "GSSAPI"}}, `mechanism "GSSAPI" isn't supported`},
		{"new", Context{SASL: &SASL{Mechanism: "PLAIN", User: "u"}}, "PLAIN needs a password"},
		{"new", Context{SASL: &SASL{Mechanism: "PLAIN", Password: Secret{Env: "P"}}}, "PLAIN needs a user"},
		{"new", Context{SASL: &SASL{Mechanism: "OAUTHBEARER"}}, "needs a token or a token endpoint"},
		{"new", Context{SASL: &SASL{TokenEndpoint: "https://idp"}}, "needs a client id and client secret"},
		{"new", Context{SASL: &SASL{TokenEndpoint: "idp"}}, "not a token endpoint"},
		{"new", Context{SASL: &SASL{TokenEndpoint: "https://idp", Token: Secret{Env: "T"}}}, "both a token and a token endpoint"},
		{"new", Context{Properties: map[string]string{"sasl.mechansim": "x"}}, "unknown property"},
		{"new", Context{Properties: map[string]string{"ssl.key.password": "pass-word"}}, "holds a secret"},
		{"new", Context{SASL: &SASL{Token: Secret{Env: "A", File: "b"}}}, "exactly one"},
	} {
		config, err := Load(write(t, "config.yaml", "contexts:\n  prod: {}\n"))
		if err != nil {
			t.Fatal(err)
		}
		err = usageError(t, config.Add(test.name, &test.context))
		if !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "pass-word") {
			t.Errorf("%+v: %q doesn't say %q", test.context, err, test.says)
		}
		if len(config.Names()) != 1 {
			t.Errorf("%+v was added", test.context)
		}
	}
}

func TestDefaultPath(t *testing.T) {
	for _, test := range []struct {
		env  []string
		want string
	}{
		{[]string{"EVTCTL_CONFIG", "/x.yaml", "HOME", "/home/me"}, "/x.yaml"},
		{[]string{"XDG_CONFIG_HOME", "/xdg", "HOME", "/home/me"}, "/xdg/evtctl/config.yaml"},
		{[]string{"XDG_CONFIG_HOME", "relative"}, ""},
		{nil, ""},
	} {
		if got := DefaultPath(environment(test.env...)); got != test.want {
			t.Errorf("%v: got %q, want %q", test.env, got, test.want)
		}
	}
	if got := DefaultPath(environment("HOME", "/home/me")); !strings.HasPrefix(got, "/home/me/") || !strings.HasSuffix(got, "/evtctl/config.yaml") {
		t.Errorf("got %q", got)
	}
}
