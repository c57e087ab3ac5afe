package commands

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/schema"
)

// registrationDocument is the answer in the forms for programs.
type registrationDocument struct {
	Version int `json:"version"` // of this document's form
	// Result is planned, registered, already-registered or incompatible; only
	// registered has written something.
	Result            string             `json:"result"`
	Registry          string             `json:"registry"`
	Subject           string             `json:"subject"`
	Path              string             `json:"path"`
	RegisteredVersion *int               `json:"registered_version"` // null unless the registry has it
	ID                *int               `json:"id"`
	LatestVersion     *int               `json:"latest_version"` // before; null when there was none
	References        []schema.Reference `json:"references"`
	Changes           []schema.Change    `json:"changes"` // since the latest version
	Check             schema.Result      `json:"check"`
}

func registrationAnswer(p *schema.Registration, result string) registrationDocument {
	return registrationDocument{
		Version: 1, Result: result, Registry: p.Registry, Subject: p.Subject, Path: p.Path,
		RegisteredVersion: known(int(p.Already)), ID: known(p.AlreadyID), LatestVersion: known(int(p.Latest)),
		References: p.References, Changes: p.Changes, Check: p.Check,
	}
}

// registrationText is the plan in words.
func registrationText(p *schema.Registration) planText {
	text := planText{{render.Strong, fmt.Sprintf("register %s in subject %q of registry %s", p.Path, p.Subject, p.Registry)}}
	add := func(tone render.Tone, format string, args ...any) {
		text = append(text, planLine{tone, fmt.Sprintf(format, args...)})
	}
	switch r := &p.Check; {
	case p.Latest == 0:
		add(render.Plain, "a new subject: it will be version 1, and there is nothing to break")
	case r.Mode == schema.None:
		add(render.Warn, "nothing was compared, as the mode is NONE (%s)", r.ModeFrom)
	default:
		add(render.Good, "compatible with %s by the mode %s (%s)", strings.Join(r.CheckedAgainst, ", "), r.Mode, r.ModeFrom)
	}
	for _, ref := range p.References {
		add(render.Plain, "it refers to %s, which is %s version %d", ref.Name, ref.Subject, ref.Version)
	}
	if len(p.Changes) > 0 {
		add(render.Plain, "changes since version %d:", p.Latest)
	} else if p.Latest != 0 {
		add(render.Plain, "no change of meaning since version %d", p.Latest)
	}
	for _, change := range p.Changes {
		add(changeTone(change), "%s", changeLine(change))
	}
	if p.Latest != 0 {
		add(render.Plain, "%s", p.Check.Deploy)
	}
	return append(text, notes(&p.Check)...)
}

// notes are what the check has to say, without what the plan has said already.
func notes(r *schema.Result) planText {
	var text planText
	for _, note := range r.Notes {
		if !strings.HasPrefix(note, "new subject: ") && !strings.HasPrefix(note, "the mode NONE ") {
			text = append(text, planLine{render.Faint, "note: " + note})
		}
	}
	return text
}

func alreadyText(p *schema.Registration) planText {
	line := fmt.Sprintf("subject %q has it already: version %d, id %d", p.Subject, p.Already, p.AlreadyID)
	if p.Already != p.Latest {
		line += fmt.Sprintf("; version %d is the latest", p.Latest)
	}
	return planText{{render.Plain, line}}
}

func receiptText(r *schema.RegistrationReceipt) planText {
	version := "a version that the registry didn't tell"
	if r.Version != 0 {
		version = fmt.Sprintf("version %d", r.Version)
	}
	return planText{{render.Good, fmt.Sprintf("registered: subject %q, %s, id %d", r.Subject, version, r.ID)}}
}

func refusalText(p *schema.Registration) planText {
	r := &p.Check
	text := planText{{render.Bad, fmt.Sprintf("incompatible: %s breaks subject %q by the mode %s (%s); nothing was registered", p.Path, p.Subject, r.Mode, r.ModeFrom)}}
	for _, problem := range r.Problems {
		if problem.Overruled {
			continue
		}
		text = append(text,
			planLine{render.Plain, fmt.Sprintf("  - %s (%s at %s)", problem.Message, problem.Rule, problem.Path)},
			planLine{render.Faint, "    fix: " + problem.Fix})
	}
	return append(text, notes(r)...)
}

func planBreakCommand(p *schema.Registration) string {
	return fmt.Sprintf("evtctl schema plan-break %s --subject %s", shellWord(p.Path), shellWord(p.Subject))
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:@%+,=-]+$`)

// shellWord quotes a word for a shell where it has to be.
func shellWord(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// quotes tells whether an error is about a name.
func quotes(err error, name string) bool { return strings.Contains(err.Error(), strconv.Quote(name)) }

var registrationColumns = []render.Column[registrationDocument]{
	{Name: "SUBJECT", Raw: func(d registrationDocument) string { return d.Subject }},
	{Name: "RESULT", Raw: func(d registrationDocument) string { return d.Result }},
	{Name: "VERSION", Raw: func(d registrationDocument) string { return number(d.RegisteredVersion) }},
	{Name: "ID", Raw: func(d registrationDocument) string { return number(d.ID) }},
}
