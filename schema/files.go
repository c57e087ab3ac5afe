package schema

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// maxFile is the largest file that is read, in bytes. It is above what any language
// takes, so that the language words the refusal.
const maxFile = 9 << 20

// readFile reads a schema file, not more of it than makes sense.
func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading schema %s: %w", path, reason(err))
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxFile))
	if err != nil {
		return nil, fmt.Errorf("reading schema %s: %w", path, reason(err))
	}
	return text, nil
}

// reason is a file error without the path and the name of the system call.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// schemaFiles lists the schema files below a folder, sorted. Hidden folders and
// files are left out, as are links: they may lead in a circle.
func schemaFiles(dir string) ([]string, error) {
	var list []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path != dir && entry.Name()[0] == '.':
			if entry.IsDir() {
				return filepath.SkipDir
			}
		case entry.Type().IsRegular() && formatOf(path) != "":
			list = append(list, path)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listing schemas in %s: %w", dir, reason(err))
	}
	slices.Sort(list)
	return list, nil
}

// isDir tells a folder from a file; what is neither is an error.
func isDir(path string) (bool, error) {
	info, err := os.Stat(path)
	if err != nil {
		return false, asked(fmt.Errorf("schemas in %s: %w", path, reason(err)), "name a schema file or a folder of them")
	}
	return info.IsDir(), nil
}
