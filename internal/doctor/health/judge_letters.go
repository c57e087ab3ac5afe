package health

import (
	"fmt"
	"time"

	"github.com/evtctl/evtctl/lag"
)

func (j *judge) letters() Figure {
	f, read := j.figure(LettersFigure, "letters", ofLetters)
	if !read {
		return f
	}
	f.Warning, f.Critical = j.l.WarnLetters.limit(), j.l.MaxLetters.limit()
	f.Limit = bounds(j.l.WarnLetters.words("over "), j.l.MaxLetters.words("from "), 0)
	f.Subjects = len(j.r.Queues)
	if f.Subjects == 0 {
		f.Reason, f.Says = "no dead-letter topics", "no dead-letter topics"
		return f
	}
	var list []Finding
	var undisposed, of int64
	about := ""
	for i := range j.r.Queues {
		q := &j.r.Queues[i]
		if judged := j.rate(q); judged.Verdict != lag.OK {
			list = append(list, judged)
		}
		f.raise(number(q.recent(j.worthRate())))
		undisposed, of = undisposed+int64(max(0, q.Undisposed)), of+int64(max(0, q.Letters))
		if !q.Exact && q.Letters > 0 {
			about = "up to "
		}
	}
	f.found(list)
	if f.Value.Known() {
		f.Says = fmt.Sprintf("at most %d in the last %s; %s undisposed, of %s in %s", int64(f.Value), short(j.worthRate().Window),
			about+commas(Number(undisposed)), about+commas(Number(of)), things(f.Subjects, "topic"))
	} else {
		f.Reason, f.Says = "letters could not be counted", "letters could not be counted"
	}
	return f
}

// worthRate is the rate whose window the figure's value is counted in: the critical one.
func (j *judge) worthRate() Rate {
	if j.l.MaxLetters.None {
		return j.l.WarnLetters
	}
	return j.l.MaxLetters
}

func (r Rate) limit() Number {
	if r.None {
		return Unknown()
	}
	return Number(r.Letters)
}

func (r Rate) words(bound string) string {
	if r.None {
		return ""
	}
	return fmt.Sprintf("%s%s in %s", bound, commas(Number(r.Letters)), short(r.Window))
}

// recent is how many letters came in a rate's time. Those that arrived in the window
// came within it, whatever their time stamps say.
func (q *Queue) recent(r Rate) lag.Int {
	for _, c := range q.Recent {
		if c.Seconds == r.Window.Seconds() && c.Letters.Known() {
			return max(c.Letters, q.Arrived)
		}
	}
	return lag.Unknown
}

// rate judges how fast letters come to a topic. A window that is longer than a rate's
// time says nothing of it.
func (j *judge) rate(q *Queue) Finding {
	f := Finding{
		Topic: lag.Text(q.Topic), Partition: lag.Unknown, Value: Unknown(), Reasons: []string{},
		Next: j.next.About(q.Topic, "dlq", "stats"),
	}
	warn, most := q.recent(j.l.WarnLetters), q.recent(j.l.MaxLetters)
	switch {
	case !j.l.MaxLetters.None && most.Known() && int64(most) >= j.l.MaxLetters.Letters:
		f.rated(lag.Critical, "over-critical", most, q, j.l.MaxLetters, "from ")
	case !j.l.WarnLetters.None && warn.Known() && int64(warn) > j.l.WarnLetters.Letters:
		f.rated(lag.Warning, "over-warning", warn, q, j.l.WarnLetters, "over ")
	case q.Error != "":
		f.Verdict, f.Reasons = lag.Uncertain, append(f.Reasons, "error")
		f.Evidence = q.Topic + " could not be looked at in full: " + string(q.Error)
	case !j.l.MaxLetters.None && !most.Known(), !j.l.WarnLetters.None && !warn.Known():
		f.Verdict, f.Reasons = lag.Uncertain, append(f.Reasons, "error")
		f.Evidence = q.Topic + ": its letters could not be counted"
	}
	return f
}

func (f *Finding) rated(v lag.Verdict, reason string, n lag.Int, q *Queue, r Rate, bound string) {
	f.Verdict, f.Value, f.Reasons = v, number(n), append(f.Reasons, reason)
	about := "up to " // offsets, of which some may be markers of transactions
	if q.Counted {
		about = ""
	}
	f.Evidence = fmt.Sprintf("%s: %s%s in the last %s (%s %s)%s", q.Topic, about, things(int(n), "letter"), short(r.Window), v, r.words(bound), q.undisposed())
}

// expiry judges what retention is about to delete.
func (j *judge) expiry() Figure {
	f, read := j.figure(ExpiryFigure, "seconds", ofLetters)
	if !read {
		return f
	}
	f.Warning, f.Critical = Number(j.l.WarnExpiry.Seconds()), Number(j.l.CriticalExpiry.Seconds())
	f.Limit = fmt.Sprintf("warning within %s, critical within %s", short(j.l.WarnExpiry), short(j.l.CriticalExpiry))
	f.Subjects = len(j.r.Queues)
	var list []Finding
	for i := range j.r.Queues {
		q := &j.r.Queues[i]
		judged := j.expiring(q)
		if judged.Verdict != lag.OK {
			list = append(list, judged)
		}
		if judged.Value.Known() && !(f.Value <= judged.Value) {
			f.Value = judged.Value // the soonest
		}
	}
	f.found(list)
	switch {
	case f.Value.Known():
		f.Says = "the first letter of a topic with undisposed ones may be deleted in " + short(max(0, f.Value.Seconds()))
	case f.Verdict != lag.OK:
		f.Reason, f.Says = "not known when retention deletes letters", "not known when retention deletes letters"
	default:
		f.Reason, f.Says = "no undisposed letters that expire", "no undisposed letters that expire"
	}
	return f
}

func (j *judge) expiring(q *Queue) Finding {
	f := Finding{
		Topic: lag.Text(q.Topic), Partition: lag.Unknown, Value: Unknown(), Reasons: []string{},
		Next: j.next.About(q.Topic, "dlq", "export", "--file", fileName(q.Topic)),
	}
	if q.Letters == 0 || q.Undisposed == 0 {
		return f
	}
	unknown := func(reason, format string, args ...any) Finding {
		f.Verdict, f.Reasons, f.Evidence = lag.Uncertain, append(f.Reasons, reason), fmt.Sprintf(format, args...)
		return f
	}
	switch {
	case q.Error != "":
		return unknown("error", "%s could not be looked at in full: %s", q.Topic, q.Error)
	case !q.ExpiryKnown:
		return unknown("not-authorized", "%s: its configuration can't be read, and so not when retention deletes letters", q.Topic)
	case q.FirstExpiry == nil:
		return f
	}
	left := q.FirstExpiry.Sub(j.r.TakenAt)
	f.Value = Number(left.Seconds())
	switch {
	case left <= j.l.CriticalExpiry:
		f.Verdict, f.Reasons = lag.Critical, append(f.Reasons, "over-critical")
	case left <= j.l.WarnExpiry:
		f.Verdict, f.Reasons = lag.Warning, append(f.Reasons, "over-warning")
	default:
		return f
	}
	f.Evidence = q.Topic + ": retention may delete the first letter " + in(left) + q.undisposed()
	return f
}

// undisposed words how many letters nobody has dealt with.
func (q *Queue) undisposed() string {
	if !q.Undisposed.Known() {
		return ""
	}
	about := ""
	if !q.Exact {
		about = "up to "
	}
	return fmt.Sprintf("; %s%s of %s undisposed", about, commas(number(q.Undisposed)), commas(number(q.Letters)))
}

func in(left time.Duration) string {
	if left <= 0 {
		return "at any time"
	}
	return "in " + short(left)
}

// fileName is a name for letters to be saved under.
func fileName(topic string) string {
	if topic[0] == '-' {
		topic = "./" + topic
	}
	return topic + ".jsonl"
}
