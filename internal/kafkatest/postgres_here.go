package kafkatest

import (
	"archive/tar"
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/ulikunitz/xz"
)

//go:embed postgres.xml
var postgresPOM []byte

// postgresHome is where its programs are, and who runs them.
type postgresHome struct {
	folder string
	as     *login
}

func (h *postgresHome) program(name string) string { return filepath.Join(h.folder, "bin", name) }

// errNoPostgres says that nobody has built it for this machine.
var errNoPostgres = errors.New("no PostgreSQL to be had for this platform")

// postgresHere finds or gets a PostgreSQL to run, once.
var postgresHere = sync.OnceValues(func() (*postgresHome, error) {
	platform, err := postgresPlatform(runtime.GOOS, runtime.GOARCH)
	if err != nil {
		return nil, err
	}
	app := download{"PostgreSQL", "postgres-18.1-" + platform, bytes.ReplaceAll(postgresPOM, []byte("PLATFORM"), []byte(platform)), unpacking}
	_, folder, err := app.here(oldestJava) // Maven is what needs the Java
	if err != nil {
		return nil, err
	}
	as, err := unprivileged()
	if err != nil {
		return nil, err
	}
	home := &postgresHome{folder: filepath.Join(folder, "programs"), as: as}
	if as != nil {
		// The other user can't look into this one's home folder.
		home.folder = filepath.Join("/var/cache/evtctl", filepath.Base(folder))
	}
	if err := errors.Join(reach(as), unpackPostgres(libs(folder), home.folder)); err != nil {
		return nil, fmt.Errorf("unpacking PostgreSQL: %w", err)
	}
	return home, nil
})

// postgresPlatform is a platform as the archives' names have it.
func postgresPlatform(system, processor string) (string, error) {
	processors := map[string]string{"amd64": "amd64", "arm64": "arm64v8"}
	if processors[processor] == "" || system != "linux" && system != "darwin" {
		return "", fmt.Errorf("%w: %w: %s/%s", errUnavailable, errNoPostgres, system, processor)
	}
	return system + "-" + processors[processor], nil
}

// needPostgres returns a PostgreSQL to run, or ends the test.
func needPostgres(t testing.TB) *postgresHome {
	t.Helper()
	if os.Getenv("EVTCTL_SKIP_REAL") == "1" {
		t.Skipf("%s: EVTCTL_SKIP_REAL=1 asks for that", LeftOut)
	}
	home, err := postgresHere()
	demand(t, unavailable(err))
	return home
}

// unpackPostgres unpacks the archive among the files into a folder, unless that is
// there.
func unpackPostgres(files, folder string) error {
	if _, err := os.Stat(folder); err == nil {
		return nil
	}
	archives, _ := filepath.Glob(filepath.Join(files, "*.txz")) // a wrong pattern is its only error
	if len(archives) != 1 {
		return fmt.Errorf("%s has %d archives, want 1", files, len(archives))
	}
	unlock, err := lock(folder)
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := os.Stat(folder); err == nil {
		return nil // somebody else did it meanwhile
	}
	partial := folder + ".partial"
	if err := os.RemoveAll(partial); err != nil {
		return err
	}
	if err := unpackXZ(archives[0], partial); err != nil {
		return err
	}
	return os.Rename(partial, folder)
}

// unpackXZ unpacks a tar archive that xz has compressed.
func unpackXZ(archive, folder string) error {
	file, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer file.Close()
	plain, err := xz.NewReader(file)
	if err != nil {
		return fmt.Errorf("%s: %w", archive, err)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	// Nothing can be written outside the root, whatever the archive says.
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	for entries := tar.NewReader(plain); ; {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = unpackEntry(root, header, entries)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", archive, err)
		}
	}
}

func unpackEntry(root *os.Root, header *tar.Header, content io.Reader) error {
	name := filepath.Clean(header.Name)
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	switch header.Typeflag {
	case tar.TypeDir:
		return root.MkdirAll(name, 0o755)
	case tar.TypeSymlink:
		return root.Symlink(header.Linkname, name)
	case tar.TypeReg:
		file, err := root.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_EXCL, header.FileInfo().Mode().Perm()|0o444)
		if err != nil {
			return err
		}
		_, err = io.Copy(file, content)
		return errors.Join(err, file.Close())
	}
	return fmt.Errorf("%q is of the unexpected type %q", header.Name, header.Typeflag)
}

// run makes the program run under the login, if there is one.
func (l *login) run(cmd *exec.Cmd) {
	if l != nil {
		l.apply(cmd)
	}
}

// give makes the login a folder's owner, if there is one.
func (l *login) give(folder string) error {
	if l == nil {
		return nil
	}
	return os.Chown(folder, l.uid, l.gid)
}
