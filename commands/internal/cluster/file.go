package cluster

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// maxSettingsFile bounds every file that settings are read from. The largest
// are trust stores, well under a megabyte.
const maxSettingsFile = 16 << 20

// settingsFile is a small file that settings or key material came from.
type settingsFile struct {
	path string
	data []byte
	mode os.FileMode
}

// readFile reads the file that what names, such as "--command-config" or
// "tls.ca". The mode is that of the very file read.
func readFile(what, path string) (settingsFile, error) {
	file, err := os.Open(path)
	if err != nil {
		return settingsFile{}, fileError(what, path, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return settingsFile{}, fileError(what, path, err)
	}
	if info.Size() > maxSettingsFile {
		return settingsFile{}, usagef("", "%s: %s: larger than %d MiB, which no such file is", what, path, maxSettingsFile>>20)
	}
	data, err := io.ReadAll(io.LimitReader(file, maxSettingsFile))
	if err != nil {
		return settingsFile{}, fileError(what, path, err)
	}
	return settingsFile{path: path, data: data, mode: info.Mode()}, nil
}

func fileError(what, path string, err error) error {
	reason := err
	var pathErr *os.PathError
	if errors.As(err, &pathErr) {
		reason = pathErr.Err
	}
	return usagef("", "%s: %s: %w", what, path, reason)
}

// readPrivateFile reads a file that holds a secret.
func readPrivateFile(what, path string) ([]byte, error) {
	file, err := readFile(what, path)
	if err != nil {
		return nil, err
	}
	return file.data, file.mustBePrivate(what)
}

// mustBePrivate refuses a file that its group or others may read or write, as
// ssh does for keys. Pipes, such as a shell's <(command), are nobody else's.
// Windows has no such bits.
func (f settingsFile) mustBePrivate(what string) error {
	if runtime.GOOS == "windows" || !f.mode.IsRegular() || f.mode.Perm()&0o066 == 0 {
		return nil
	}
	return usagef("chmod 600 "+shellQuote(f.path),
		"%s: %s holds a secret and has mode %04o: other users can read or change it", what, f.path, f.mode.Perm())
}

// shellQuote makes one word of s for a command that a person may copy.
func shellQuote(s string) string {
	plain := func(r rune) bool {
		return !strings.ContainsRune("/._-+,:=@%", r) && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}
	if s != "" && !strings.ContainsFunc(s, plain) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// expandPath resolves ~/ against the home directory and a relative path against dir.
func expandPath(path, dir string, getenv func(string) string) string {
	if rest, found := strings.CutPrefix(path, "~/"); found && getenv("HOME") != "" {
		return filepath.Join(getenv("HOME"), rest)
	}
	if filepath.IsAbs(path) || dir == "" {
		return path
	}
	return filepath.Join(dir, path)
}
