package cluster

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestJAAS(t *testing.T) {
	for _, test := range []struct {
		name, text string
		class      string
		options    map[string]string // nil: an error
	}{
		{"as in Kafka's documentation", `org.apache.kafka.common.security.plain.PlainLoginModule required username="alice" password="alice-secret";`,
			plainModule, map[string]string{"username": "alice", "password": "alice-secret"}},
		{"over several lines", "org.apache.kafka.common.security.scram.ScramLoginModule  required\n  username=\"a\"\n\tpassword=\"b\" ;",
			scramModule, map[string]string{"username": "a", "password": "b"}},
		{"syntax within quotes", `PlainLoginModule required username="a;b" password="x=y \"q\" \\ 'z'";`,
			plainModule, map[string]string{"username": "a;b", "password": `x=y "q" \ 'z'`}},
		{"single quotes and bare words", `PlainLoginModule required username='a b' password=c$d-e_f;`,
			plainModule, map[string]string{"username": "a b", "password": "c$d-e_f"}},
		{"dollars and braces stay", `PlainLoginModule required password="${env:X}";`, plainModule, map[string]string{"password": "${env:X}"}},
		{"without options", "x.OAuthBearerLoginModule required;", oauthModule, map[string]string{}},
		{"without a semicolon", `PlainLoginModule required username="a"`, "", nil},
		{"without a control flag", `PlainLoginModule username="a";`, "", nil},
		{"an unknown control flag", `PlainLoginModule needed username="a";`, "", nil},
		{"an open quote", `PlainLoginModule required username="a;`, "", nil},
		{"a quote over a line's end", "PlainLoginModule required username=\"a\nb\";", "", nil},
		{"an option without a value", `PlainLoginModule required username;`, "", nil},
		{"two modules", `A required a="1"; B required b="2";`, "", nil},
		{"nothing", "", "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			module, err := parseJAAS(test.text)
			if test.options == nil {
				if err == nil || strings.Contains(err.Error(), "username=") {
					t.Errorf("error is %v", err)
				}
				return
			}
			if diff := cmp.Diff(test.options, module.options); err != nil || diff != "" || module.class != test.class {
				t.Errorf("class %q, error %v, options (-want +got):\n%s", module.class, err, diff)
			}
		})
	}
}

func FuzzJAAS(f *testing.F) {
	f.Add(`M required a="b" c='d';`)
	f.Add("\x00\"\\")
	f.Fuzz(func(t *testing.T, text string) {
		if module, err := parseJAAS(text); err == nil && module.options == nil {
			t.Error("neither module nor error")
		}
	})
}
