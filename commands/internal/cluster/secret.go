package cluster

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// Secret says where a secret is. Exactly one field is set; a zero Secret means
// that there is none. The secret itself is never part of it.
type Secret struct {
	Env     string `yaml:"env,omitempty" json:"env,omitempty"`         // an environment variable's name
	File    string `yaml:"file,omitempty" json:"file,omitempty"`       // a file, private to its owner
	Command string `yaml:"command,omitempty" json:"command,omitempty"` // a shell command that prints it
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s == Secret{} }

// String says where the secret is, for messages.
func (s Secret) String() string {
	switch {
	case s.Env != "":
		return "environment variable " + s.Env
	case s.File != "":
		return "file " + s.File
	case s.Command != "":
		return fmt.Sprintf("command %q", s.Command)
	default:
		return "nowhere"
	}
}

func (s Secret) sources() int {
	n := 0
	for _, source := range []string{s.Env, s.File, s.Command} {
		if source != "" {
			n++
		}
	}
	return n
}

// credential is a secret that a connection needs, still unread.
type credential struct {
	what string // "the SASL password", for messages
	from Secret
	// literal gives a value that came from a private properties file. It is a
	// function so that no %v of a surrounding struct can print it.
	literal func() string
	dir     string // where a relative file is taken from
	getenv  func(string) string
}

func literal(what, value string) credential {
	return credential{what: what, literal: func() string { return value }}
}

func (c credential) isZero() bool { return c.literal == nil && c.from.IsZero() }

// read gives the secret's value, without the one newline that files and
// commands end with. A command runs until ctx ends. An empty secret is an
// error: no broker takes one, and an unset variable looks just like it.
func (c credential) read(ctx context.Context) (string, error) {
	value, err := c.readSource(ctx)
	if err != nil {
		return "", err
	}
	if value == "" {
		return "", usagef("set it, or name another source for it", "%s: %s is empty", c.what, c.source())
	}
	return value, nil
}

func (c credential) source() string {
	if c.literal != nil {
		return "its property"
	}
	return c.from.String()
}

func (c credential) readSource(ctx context.Context) (string, error) {
	switch {
	case c.literal != nil:
		return c.literal(), nil
	case c.from.Env != "":
		return c.getenv(c.from.Env), nil
	case c.from.File != "":
		data, err := readPrivateFile(c.what, expandPath(c.from.File, c.dir, c.getenv))
		return trimNewline(string(data)), err
	default:
		return runSecretCommand(ctx, c.what, c.from.Command)
	}
}

// commandGrace is how long the pipes of a killed secret command may stay open,
// held by a grandchild, before they are given up.
const commandGrace = 100 * time.Millisecond

// runSecretCommand runs command in the shell, without standard input: a helper
// that has to ask opens the terminal itself, as ssh and gpg do.
func runSecretCommand(ctx context.Context, what, command string) (string, error) {
	shell := []string{"sh", "-c"}
	if runtime.GOOS == "windows" {
		shell = []string{"cmd", "/C"}
	}
	cmd := exec.CommandContext(ctx, shell[0], shell[1], command)
	var stdout, stderr limitedBuffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = commandGrace
	err := cmd.Run()
	if err == nil {
		return trimNewline(stdout.String()), nil
	}
	reason := err.Error()
	if ctx.Err() != nil {
		reason = "not finished within the time limit"
	}
	if said := strings.TrimSpace(stderr.String()); said != "" {
		reason += ": " + printable(said)
	}
	return "", &ConnectError{
		Problem: fmt.Sprintf("get %s from command %q: %s", what, command, reason),
		Cause:   CauseSecret,
		hint:    "run the command by itself; it has to print the secret on standard output and end with 0",
		err:     errors.Join(err, ctx.Err()),
	}
}

// limitedBuffer keeps the first 64 KiB written to it and swallows the rest: no
// secret is longer, and a command may print without end.
type limitedBuffer struct{ strings.Builder }

func (b *limitedBuffer) Write(p []byte) (int, error) {
	if room := 64<<10 - b.Len(); room > 0 {
		b.Builder.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func trimNewline(s string) string {
	return strings.TrimSuffix(strings.TrimSuffix(s, "\n"), "\r")
}
