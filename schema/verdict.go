package schema

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/evtctl/evtctl/schema/registry"
)

// Judge is a registry that is asked for its own verdict. A *registry.Client fits.
type Judge interface {
	// CheckEach gives the verdict on a candidate for each version, all or none.
	CheckEach(ctx context.Context, subject string, versions []int, candidate registry.Candidate) ([]registry.Verdict, error)
}

// RegistryType is a format as registries call it.
func (f Format) RegistryType() string { return strings.ToUpper(string(f)) }

// askRegistry asks for the registry's verdict on each version, where that makes
// sense. Versions that it wasn't asked about are missing in the answer.
func (o *oneCheck) askRegistry(ctx context.Context, versions []Version) (map[VersionNumber]registry.Verdict, error) {
	var numbers []int
	for _, v := range versions {
		if v.Number > 0 && !v.Deleted { // it doesn't know others
			numbers = append(numbers, int(v.Number))
		}
	}
	if o.req.Judge == nil || len(numbers) == 0 || !o.judgeable() {
		return nil, nil
	}
	candidate := registry.Candidate{Type: o.c.Format.RegistryType(), Schema: string(o.c.Text)}
	for _, ref := range o.refs {
		candidate.References = append(candidate.References, registry.Reference(ref))
	}
	list, err := o.req.Judge.CheckEach(ctx, o.c.Subject, numbers, candidate)
	if errors.Is(err, registry.ErrInvalid) && len(o.refs) > 0 {
		o.note("the registry can't judge a candidate with references: %v", err)
		return nil, nil
	}
	if err != nil {
		return nil, whole(err)
	}
	verdicts := map[VersionNumber]registry.Verdict{}
	for _, v := range list {
		verdicts[VersionNumber(v.Version)] = v
	}
	return verdicts, nil
}

// judgeable tells whether the registry's verdict would be about the same question.
func (o *oneCheck) judgeable() bool {
	switch {
	case o.result.Mode != o.history.Mode:
		o.note("the registry wasn't asked for its verdict: it judges by its own mode, %s", o.history.Mode)
	case o.local:
		o.note("the registry wasn't asked for its verdict: the schema refers to files; name registered schemas with --refs NAME=SUBJECT:VERSION")
	default:
		return true
	}
	return false
}

// weigh holds the local answer against the registry's.
func (o *oneCheck) weigh(versions []Version, verdicts map[VersionNumber]registry.Verdict) {
	if len(versions) > 0 && o.result.Advisory && len(verdicts) < len(versions) {
		o.note("advisory: by %s; registries differ, so that a registry's own verdict would decide", o.result.Rules)
	}
	if len(verdicts) == 0 {
		return
	}
	overall := Compatible
	for i := len(versions) - 1; i >= 0; i-- {
		v, ok := verdicts[versions[i].Number]
		if !ok {
			continue
		}
		if !v.Compatible {
			overall = Incompatible
		}
		o.weighVersion(versions[i], v)
	}
	o.result.RegistryVerdict = &overall
}

// weighVersion is weigh for one version.
func (o *oneCheck) weighVersion(version Version, v registry.Verdict) {
	var local []*Problem
	for i := range o.result.Problems {
		if p := &o.result.Problems[i]; p.AgainstVersion == version.Number {
			local = append(local, p)
		}
	}
	found := times(len(local), "problem", "problems")
	switch agreed := v.Compatible == (len(local) == 0); {
	case agreed:
	case !o.result.Advisory && v.Compatible:
		o.note("the registry calls it compatible with %s; by %s it has %s, and that counts", version.Label, o.result.Rules, found)
	case !o.result.Advisory:
		o.note("the registry calls it incompatible with %s%s; by %s it is compatible, and that counts here, but the registry may refuse to register it",
			version.Label, said(v.Messages), o.result.Rules)
	case v.Compatible:
		for _, p := range local {
			p.Overruled = true
		}
		o.note("the registry calls it compatible with %s, and that counts; by %s there would be %s", version.Label, o.result.Rules, found)
	default:
		o.note("the registry calls it incompatible with %s, and that counts; by %s nothing was found", version.Label, o.result.Rules)
		o.result.Problems = append(o.result.Problems, o.refused(version, v))
	}
}

// refused is a problem that only the registry sees.
func (o *oneCheck) refused(version Version, v registry.Verdict) Problem {
	direction := NewReadsOld
	if d := o.result.Mode.Directions(); len(d) > 0 {
		direction = d[0]
	}
	return Problem{
		Path: "/", Rule: RuleRegistry, Direction: direction, Reader: "", Writer: "",
		AgainstVersion: version.Number, Against: version.Label, File: o.c.Path, Line: 1, Column: 1,
		Message: fmt.Sprintf("the registry refuses the new schema next to %s%s", version.Label, said(v.Messages)),
		Fix:     "keep what the registry objects to, or see evtctl schema plan-break",
	}
}

// said quotes what the registry gave as reasons.
func said(messages []string) string {
	if len(messages) == 0 {
		return " without giving reasons"
	}
	return ": " + strings.Join(messages, "; ")
}
