package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/dlq/ledger"
	"github.com/spf13/cobra"
)

// dlqExportOptions is what "evtctl dlq export" was asked.
type dlqExportOptions struct {
	Env   *Env
	Query dlq.Query
	File  string // empty: stdout
}

func newDLQExportCmd(env *Env, run func(context.Context, *dlqExportOptions) error) *cobra.Command {
	opts := &dlqExportOptions{Env: env}
	flags := &letterFlags{}
	var from []string
	cmd := &cobra.Command{
		Use:   "export TOPIC",
		Short: "Write letters to a file, to keep them",
		Long: `Write letters as lines of JSON from which their records can be made again, byte for
byte: keys, values and headers in their order, null apart from empty, and in base64
what isn't UTF-8. The first line says where they are from, the last how many there are,
with a checksum and the offsets to go on from.

An export that ends early leaves whole lines, and says with which --from another one
goes on. A file that exists already is not written over.

Exit codes: 0 all was written; 4 all but what could not be read; 1 not all.`,
		Example: `  evtctl dlq export orders-dlt --file orders-dlt.jsonl
  evtctl dlq export orders-dlt --where '.cause.class | test("Timeout")' | gzip > timeouts.jsonl.gz
  evtctl dlq export orders-dlt --from 0=1500,1=1320 --file rest.jsonl`,
		Args: topicArg,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if opts.Query, err = flags.parse(args[0]); err != nil {
				return err
			}
			if opts.Query.From, err = parseOffsets("--from", from); err != nil {
				return err
			}
			if format, err := env.format(); err != nil || format != render.Table && format != render.JSONL {
				return usagef("leave -o out", "an export has one form, lines of JSON of its own")
			}
			return run(cmd.Context(), opts)
		},
	}
	flags.register(cmd, env)
	f := cmd.Flags()
	f.StringVarP(&opts.File, "file", "f", "", "write to this new `file` instead of stdout")
	f.StringSliceVar(&from, "from", nil, "begin at these offsets, `partition=offset` with commas between; other partitions from their start")
	return cmd
}

// parseOffsets reads partition=offset, several times.
func parseOffsets(flag string, list []string) (map[int32]int64, error) {
	offsets := map[int32]int64{}
	for _, item := range list {
		partition, offset, ok := strings.Cut(item, "=")
		p, err := strconv.ParseInt(partition, 10, 32)
		at, atErr := strconv.ParseInt(offset, 10, 64)
		if !ok || err != nil || atErr != nil || p < 0 || at < 0 {
			return nil, usagef("such as "+flag+" 0=1500,1=1320", "%s %q is no partition and offset", flag, item)
		}
		if _, twice := offsets[int32(p)]; twice {
			return nil, usagef("name each partition once", "%s names partition %d twice", flag, p)
		}
		offsets[int32(p)] = at
	}
	return offsets, nil
}

func runDLQExport(ctx context.Context, opts *dlqExportOptions) error {
	office, err := opts.Env.openDLQ(ctx)
	if err != nil {
		return err
	}
	defer office.client.Close()
	e, err := (&letterBrowser{opts: &dlqBrowseOptions{Env: opts.Env, Query: opts.Query}, office: office}).extent(ctx)
	if err != nil { // before a file is made
		return office.explain(ctx, err)
	}
	for p := range opts.Query.From {
		if _, there := e.end[p]; !there {
			return usagef("", "--from %d=…: topic %q has no such partition, or it isn't among those of --partition", p, opts.Query.Topic)
		}
	}
	source, err := ledger.SourceOf(ctx, office.client, opts.Query.Topic)
	if err != nil {
		return office.explain(ctx, err)
	}
	out, err := openExport(opts)
	if err != nil {
		return err
	}
	// A pipe that nobody reads any more would end the program without a word.
	signal.Ignore(syscall.SIGPIPE)
	defer signal.Reset(syscall.SIGPIPE)
	end, read, err := office.export(ctx, opts, out, dlq.ArchiveHead{
		ClusterID: source.Cluster, Topic: source.Topic, TopicID: ledger.FormatTopicID(source.TopicID),
	})
	if err != nil {
		return err
	}
	render.Message(opts.Env.Streams, render.Good, "%s written; --from %s goes on from here", plural(end.Letters, "letter"), offsetsText(end.Next))
	return office.told(opts.Env, opts.Query.Topic, read)
}

// export writes the archive. What a failure leaves is whole lines.
func (o *postOffice) export(ctx context.Context, opts *dlqExportOptions, out *exportFile, head dlq.ArchiveHead) (*dlq.ArchiveEnd, *dlq.ReadResult, error) {
	progress := render.NewProgress(opts.Env.Streams, "exporting "+opts.Query.Topic)
	defer progress.Done()
	archive, err := dlq.NewArchive(out, head, opts.Query.From)
	var read *dlq.ReadResult
	var readErr error
	if err == nil {
		var done int64
		read, readErr = o.Read(ctx, opts.Query, func(l *dlq.Letter) error {
			done++
			progress.Update(done, 0)
			err = archive.Add(l)
			return err
		})
	}
	var end *dlq.ArchiveEnd
	if err == nil && readErr == nil {
		end, err = archive.End(read.Faults)
	} else if err == nil {
		err = archive.Flush()
	}
	err = errors.Join(err, out.close(archive.Whole()))
	letters, next := archive.Written()
	hint := fmt.Sprintf("%s written; \"--from %s\" goes on from there", plural(letters, "letter"), offsetsText(next))
	switch {
	case err != nil:
		// Not wrapped: a pipe that is closed is a failure here, as a part is missing.
		return nil, nil, &hintedError{fmt.Errorf("writing the export: %v", err), hint}
	case readErr != nil && ctx.Err() != nil:
		render.Message(opts.Env.Streams, render.Plain, "%s", hint)
		return nil, nil, readErr
	case readErr != nil:
		return nil, nil, &hintedError{o.explain(ctx, readErr), hint}
	}
	return end, read, nil
}

// offsetsText writes offsets as --from takes them.
func offsetsText(offsets map[int32]int64) string {
	var list []string
	for _, p := range slices.Sorted(maps.Keys(offsets)) {
		list = append(list, fmt.Sprintf("%d=%d", p, offsets[p]))
	}
	return orNone(strings.Join(list, ","), "0=0")
}

// exportFile is what an export is written to: a file that can be cut to whole lines, or
// a pipe, which can't.
type exportFile struct {
	io.Writer
	file  *os.File // nil: it can't be cut
	own   bool     // it has to be closed
	start int64    // what was in it before
}

func openExport(opts *dlqExportOptions) (*exportFile, error) {
	if opts.File != "" {
		file, err := os.OpenFile(opts.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // letters may hold what isn't for everybody
		if errors.Is(err, os.ErrExist) {
			return nil, usagef("choose another name", "%s exists already, and is not written over", opts.File)
		}
		if err != nil {
			return nil, err
		}
		return &exportFile{Writer: file, file: file, own: true}, nil
	}
	out := &exportFile{Writer: opts.Env.Streams.Out}
	if opts.Env.Streams.OutTTY {
		return nil, usagef("--file, or a pipe", "an export is for a file, and stdout is a terminal")
	}
	if file, ok := opts.Env.Streams.Out.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			out.file, out.start = file, info.Size()
		}
	}
	return out, nil
}

// close cuts off what isn't a whole line, and has the disk keep the rest.
func (f *exportFile) close(whole int64) error {
	if f.file == nil {
		return nil
	}
	var err error
	if info, statErr := f.file.Stat(); statErr == nil && info.Size() > f.start+whole {
		err = f.file.Truncate(f.start + whole)
	}
	if f.own {
		err = errors.Join(err, f.file.Sync(), f.file.Close())
	}
	return err
}
