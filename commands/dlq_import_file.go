package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/evtctl/evtctl/dlq"
)

// archiveFile is a file of letters, that is read several times.
type archiveFile struct {
	name string
	file *os.File
	temp bool // to be removed
	size int64
	time time.Time
}

// openArchive opens a file. Stdin is kept in a temporary one, as it comes only once, and
// all of it must be checked before anything of it is written.
func openArchive(ctx context.Context, name string, stdin io.Reader) (*archiveFile, error) {
	f := &archiveFile{name: name}
	var err error
	if name == "-" {
		err = f.spool(ctx, stdin)
	} else {
		f.file, err = os.Open(name)
		if errors.Is(err, os.ErrNotExist) {
			return nil, usagef("\"evtctl dlq export\" writes one; - reads from stdin", "there is no file %s", name)
		}
	}
	if err != nil {
		f.close()
		return nil, err
	}
	info, err := f.file.Stat()
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = usagef("- reads from stdin", "%s is no file that can be read twice", name)
	default:
		f.size, f.time = info.Size(), info.ModTime()
		return f, nil
	}
	f.close()
	return nil, err
}

func (f *archiveFile) spool(ctx context.Context, stdin io.Reader) (err error) {
	f.name, f.temp = "stdin", true
	if f.file, err = os.CreateTemp("", "evtctl-import-"); err != nil { // for nobody else to read
		return err
	}
	copied := make(chan error, 1)
	go func() {
		_, err := io.Copy(f.file, stdin)
		copied <- err
	}()
	select {
	case <-ctx.Done(): // stdin may say nothing for ever
		return ctx.Err()
	case err = <-copied:
	}
	if err != nil {
		return &hintedError{fmt.Errorf("keeping what stdin has until it is imported: %w", err), "nothing was written; $TMPDIR says where there is room, and a file needs none"}
	}
	return nil
}

func (f *archiveFile) close() {
	if f.file == nil {
		return
	}
	f.file.Close()
	if f.temp {
		os.Remove(f.file.Name())
	}
}

// read is a [dispose.Archive].
func (f *archiveFile) read(visit func(*dlq.Archived) error) (*dlq.ArchiveHead, *dlq.ArchiveEnd, error) {
	if _, err := f.file.Seek(0, io.SeekStart); err != nil {
		return nil, nil, err
	}
	info, err := f.file.Stat()
	if err == nil && (info.Size() != f.size || !info.ModTime().Equal(f.time)) {
		err = usagef("", "%s was changed while it was read", f.name)
	}
	if err != nil {
		return nil, nil, err
	}
	return dlq.ReadArchive(f.file, visit)
}

// explain says which file an error is about.
func (f *archiveFile) explain(err error) error {
	var wrong *dlq.ArchiveError
	if !errors.As(err, &wrong) {
		return err
	}
	return usagef("an export that was written whole has its number of letters and a checksum in the last line", "%s: %v", f.name, wrong)
}
