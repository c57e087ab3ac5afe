//go:build !unix

package kafkatest

import "os/exec"

// login is a user that programs run as; there is none to be chosen here.
type login struct{ uid, gid int }

func unprivileged() (*login, error) { return nil, nil }

func (l *login) apply(*exec.Cmd) {}
