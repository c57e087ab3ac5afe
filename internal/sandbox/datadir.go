package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/gofrs/flock"
)

// lockName is the file whose lock makes a data folder one sandbox's, and whose
// presence marks the folder as a sandbox's at all. It holds the process id of
// whoever had it last, for the error that another one gets.
const lockName = "sandbox.lock"

// claim is the exclusive use of a data folder. The operating system gives it up
// for a process that dies, so a killed sandbox blocks nobody.
type claim struct {
	dir  string
	lock *flock.Flock
}

// claimDir creates dir if needed and claims it.
func claimDir(dir string) (*claim, error) {
	refuse := func(err error, hint string) (*claim, error) {
		return nil, &refusal{"open the sandbox's data folder " + dir, err, hint}
	}
	switch err := checkDir(dir); {
	case errors.Is(err, ErrForeignDir):
		return refuse(err, "give an empty folder, or one that doesn't exist yet")
	case errors.Is(err, syscall.ENOTDIR):
		return refuse(errors.New("it, or what it should be in, is a file"), "give a folder, or a name that doesn't exist yet")
	case err != nil:
		return refuse(reason(err), "make it yours (chown, chmod), or give another folder")
	}
	path := filepath.Join(dir, lockName)
	lock := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	switch locked, err := lock.TryLock(); {
	case err != nil:
		return refuse(reason(err), "make it yours (chown, chmod), or give another folder")
	case !locked:
		return refuse(fmt.Errorf("%w by another sandbox%s", ErrInUse, holder(path)),
			"connect to that one, end it, or give another folder")
	}
	// Not needed to run: without it, the next one's error lacks the process id.
	_ = os.WriteFile(path, fmt.Appendf(nil, "%d\n", os.Getpid()), 0o600)
	return &claim{dir: dir, lock: lock}, nil
}

// checkDir makes sure that dir is there and a sandbox's, or empty.
func checkDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) == 0 {
		return err
	}
	_, err = os.Lstat(filepath.Join(dir, lockName))
	if errors.Is(err, fs.ErrNotExist) {
		return ErrForeignDir
	}
	return err
}

// reason drops the path from a file system's error: the message has it already.
func reason(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// holder names the process that has the lock, as far as it said so.
func holder(path string) string {
	pid, err := os.ReadFile(path)
	if err != nil || len(pid) == 0 {
		return ""
	}
	return " (process " + strings.TrimSpace(string(pid)) + ")"
}

// release gives the folder up. The lock file stays: deleting it would let two
// sandboxes hold locks on two files of one name.
func (c *claim) release() error {
	if c == nil {
		return nil
	}
	return c.lock.Unlock()
}
