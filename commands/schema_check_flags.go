package commands

import (
	"strings"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/schema"
	"github.com/spf13/cobra"
)

// schemaCheckFlags are the flags as typed.
type schemaCheckFlags struct {
	subjectFrom, naming, format, mode, allow, sample string
	against, refs                                    []string
}

func (f *schemaCheckFlags) register(cmd *cobra.Command, opts *schemaCheckOptions) {
	flags, env := cmd.Flags(), opts.Env
	flags.StringVar(&opts.Load.Subject, "subject", "", "the `subject` of the one schema (default: from the file's name)")
	flags.StringVar(&f.subjectFrom, "subject-from", "", "a YAML `file` that maps subjects to files")
	flags.StringVar(&f.naming, "naming", string(schema.ByFile), "the naming `strategy`: "+strings.Join(namingNames(), ", "))
	flags.StringVar(&opts.Load.Names.Topic, "topic", "", "with --naming topic or topic-record: the `topic` (default: from the file's name)")
	flags.BoolVar(&opts.Load.Names.Key, "key", false, "with --naming topic: the schema is of the topic's keys")
	flags.StringVar(&f.format, "format", "", "the schemas' `language` where files' names don't tell: avro, json, protobuf")
	flags.StringVar(&f.mode, "mode", "", "check by this compatibility `mode`, such as FULL or BACKWARD_TRANSITIVE (default: the registry's, else BACKWARD)")
	flags.StringArrayVar(&f.against, "against", nil, "`what` to compare with: registry (default), git:REVISION, a folder of versions, or a file (repeat for more, oldest first)")
	flags.StringArrayVar(&f.refs, "refs", nil, "what schemas refer to: a `path`, or NAME=SUBJECT:VERSION (repeat for more)")
	flags.StringVar(&f.allow, "allow", "", "a YAML `file` of known breaks that pass")
	flags.BoolVar(&opts.Request.Deleted, "deleted", false, "compare with versions that were softly deleted, too")
	flags.StringVar(&f.sample, "sample", "", "try the schema on the last N records of a topic: `TOPIC[:N]` (default 100; :N takes the subject's topic)")
	complete(cmd, "subject", subjectNames(env))
	complete(cmd, "naming", fixed(namingNames()...))
	complete(cmd, "topic", topicNames(env))
	complete(cmd, "format", fixed("avro", "json", "protobuf"))
	complete(cmd, "mode", modeNames)
	complete(cmd, "sample", topicNames(env))
}

func (o *schemaCheckOptions) finish(f *schemaCheckFlags, paths []string, formatGiven bool) (err error) {
	if len(paths) == 0 && f.subjectFrom == "" {
		return usagef("such as \"evtctl schema check schemas/\"", "no schema is named")
	}
	o.Load.Paths, o.Request.Now, o.Against = paths, o.Env.Now(), f.against
	if len(o.Against) == 0 {
		o.Against = []string{fromRegistry}
	}
	for _, parse := range []func(*schemaCheckFlags) error{o.parseNames, o.parseMode, o.parseRefs, o.parseSample} {
		if err := parse(f); err != nil {
			return err
		}
	}
	if !formatGiven {
		o.Format = textFormat
		return nil
	}
	o.Format, err = o.Env.format(textFormat, junitFormat, githubFormat, sarifFormat)
	return err
}

func (o *schemaCheckOptions) parseNames(f *schemaCheckFlags) (err error) {
	if f.subjectFrom != "" {
		if o.Load.Subject != "" {
			return usagef("leave one of them out", "--subject and --subject-from both name subjects")
		}
		if o.Load.Mapping, err = schema.ReadMapping(f.subjectFrom); err != nil {
			return err
		}
	}
	o.Load.Names.Naming, err = schema.ParseNaming(f.naming)
	if err == nil && f.format != "" {
		o.Load.Format, err = schema.ParseFormat(f.format)
	}
	if err == nil && f.allow != "" {
		o.Request.Allow, err = schema.ReadAllowList(f.allow)
	}
	return err
}

func (o *schemaCheckOptions) parseMode(f *schemaCheckFlags) (err error) {
	if f.mode != "" {
		o.Request.Mode, err = schema.ParseMode(f.mode)
	}
	return err
}

// parseRefs tells registered schemas from files by their form.
func (o *schemaCheckOptions) parseRefs(f *schemaCheckFlags) error {
	for _, text := range f.refs {
		if !strings.Contains(text, "=") {
			o.Load.Refs = append(o.Load.Refs, text)
			continue
		}
		ref, err := schema.ParseReference(text)
		if err != nil {
			return err
		}
		o.Request.References = append(o.Request.References, ref)
	}
	return nil
}

func (o *schemaCheckOptions) parseSample(f *schemaCheckFlags) (err error) {
	if f.sample != "" {
		o.Sample, err = parseSample(f.sample)
	}
	return err
}

func namingNames() []string {
	var names []string
	for _, n := range schema.Namings() {
		names = append(names, string(n))
	}
	return names
}

var schemaResultColumns = []render.Column[schema.Result]{
	{Name: "PATH", Raw: func(r schema.Result) string { return r.Path }, Shrink: true},
	{Name: "SUBJECT", Raw: func(r schema.Result) string { return r.Subject }, Shrink: true},
	{Name: "FORMAT", Wide: true, Raw: func(r schema.Result) string { return string(r.Format) }},
	{Name: "MODE", Raw: func(r schema.Result) string { return string(r.Mode) }},
	{Name: "OUTCOME", Raw: func(r schema.Result) string { return string(r.Outcome()) }, Tone: func(r schema.Result) render.Tone { return outcomeTone(r.Outcome()) }},
	{Name: "PROBLEMS", Right: true, Raw: func(r schema.Result) string { return render.Count(int64(r.Breaks())) }},
	{Name: "DEPLOY-FIRST", Raw: func(r schema.Result) string { return string(r.DeployFirst) }, Drop: 1},
}
