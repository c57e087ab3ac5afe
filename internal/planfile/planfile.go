// Package planfile keeps plans in files: what is to be written to a cluster or a registry
// later, when somebody has looked at it. What a plan says and how it is sealed is up to
// the package whose plan it is.
package planfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Max bounds what is read as a plan, in bytes: 100,000 partitions, or 500,000 ranges of
// letters, fit.
const Max = 64 << 20

// ErrTooLarge says that a file has more than [Max] bytes.
var ErrTooLarge = errors.New("it is larger than any plan")

// Create writes a plan to a new file, which only its owner may read, and ends it with a
// line end. One that is there already is left as it is, which is [os.ErrExist]; one that
// can't be written whole is removed. Errors don't name the path.
func Create(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return withoutPath(err)
	}
	_, err = file.Write(append(text, '\n'))
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(withoutPath(err), os.Remove(path))
	}
	return nil
}

// Read reads a plan. Errors don't name the path.
func Read(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, Max+1))
	if err != nil {
		return nil, withoutPath(err)
	}
	if len(text) > Max {
		return nil, fmt.Errorf("%w: no plan has more than %d bytes", ErrTooLarge, Max)
	}
	return text, nil
}

func withoutPath(err error) error {
	var e *fs.PathError
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}
