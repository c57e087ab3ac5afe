package cluster

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

func TestSecretSources(t *testing.T) {
	t.Parallel()
	private := write(t, "secret", "s3cret\n")
	for _, test := range []struct {
		name string
		from Secret
		want string
		says string
	}{
		{"a variable", Secret{Env: "SET"}, "from-env", ""},
		{"a variable that isn't set", Secret{Env: "UNSET"}, "", "environment variable UNSET is empty"},
		{"a file, without its newline", Secret{File: private}, "s3cret", ""},
		{"a file with a Windows newline", Secret{File: write(t, "crlf", "s3cret\r\n")}, "s3cret", ""},
		{"only one newline goes", Secret{File: write(t, "lines", " s3cret \n\n")}, " s3cret \n", ""},
		{"an empty file", Secret{File: write(t, "empty", "\n")}, "", "is empty"},
		{"a file that others can read", Secret{File: write(t, "open", "s3cret", 0o644)}, "", "mode 0644"},
		{"a file that the group can read", Secret{File: write(t, "group", "s3cret", 0o640)}, "", "mode 0640"},
		{"a file that isn't there", Secret{File: "/nonexistent/secret"}, "", "no such file"},
		{"a command", Secret{Command: "printf 's3cret\n'"}, "s3cret", ""},
		{"a command with a pipe", Secret{Command: "echo terces | rev || echo fallback"}, "", ""},
		{"a command that prints nothing", Secret{Command: "true"}, "", "is empty"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := credential{what: "the SASL password", from: test.from, getenv: environment("SET", "from-env")}
			got, err := c.read(t.Context())
			switch {
			case test.says != "":
				if usageError(t, err); !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "the SASL password") {
					t.Errorf("%q doesn't say %q", err, test.says)
				}
			case err != nil, test.want != "" && got != test.want, got == "":
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}

func TestTheHintForAnOpenFileCanBeCopied(t *testing.T) {
	path := write(t, "it's open", "s3cret", 0o604)
	_, err := readPrivateFile("the token", path)
	hint := usageError(t, err).Hint()
	if want := "chmod 600 '" + strings.ReplaceAll(path, "'", `'\''`) + "'"; hint != want {
		t.Errorf("hint is %q, want %q", hint, want)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readPrivateFile("the token", path); err != nil {
		t.Errorf("after chmod: %v", err)
	}
}

func TestASecretCommandThatFailsShowsItsWords(t *testing.T) {
	c := credential{what: "the SASL password", from: Secret{Command: "echo s3cret; echo vault is sealed >&2; exit 3"}}
	_, err := c.read(t.Context())
	var connect *ConnectError
	if !errors.As(err, &connect) || connect.Cause != CauseSecret {
		t.Fatalf("error is %T (%v), want a *ConnectError", err, err)
	}
	if !strings.Contains(err.Error(), "exit status 3: vault is sealed") {
		t.Errorf("error is %q", err)
	}
	if strings.Contains(strings.ReplaceAll(err.Error(), c.from.Command, ""), "s3cret\n") {
		t.Errorf("standard output is in %q", err)
	}
}

func TestASecretCommandIsBoundedInTimeAndOutput(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	started := time.Now()
	_, err := runSecretCommand(ctx, "the token", "exec sleep 60")
	if took := time.Since(started); err == nil || took > 5*time.Second {
		t.Errorf("it took %s: %v", took, err)
	}
	if err != nil && !strings.Contains(err.Error(), "time limit") {
		t.Errorf("error is %q", err)
	}
	out, err := runSecretCommand(t.Context(), "the token", "head -c 1000000 /dev/zero")
	if err != nil || len(out) > 64<<10 {
		t.Errorf("%d bytes, %v", len(out), err)
	}
}

func TestPathsStartAtHomeOrAtTheirFile(t *testing.T) {
	getenv := environment("HOME", "/home/me")
	for path, want := range map[string]string{"~/ca": "/home/me/ca", "/ca": "/ca", "pki/ca": "/etc/evtctl/pki/ca"} {
		if got := expandPath(path, "/etc/evtctl", getenv); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}
