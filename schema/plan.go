package schema

import (
	"regexp"
	"strconv"
	"strings"
)

// BreakPlan is what to do about a change that has to break: four ways, of which one
// is chosen.
type BreakPlan struct {
	Version  int    `json:"version"`
	Subject  string `json:"subject"`
	Topic    string `json:"topic"`     // told from the subject
	NewTopic string `json:"new_topic"` // a name that isn't taken as far as this can know
	// Suggested is the name of the way that fits what breaks best; empty when nothing
	// is known to break.
	Suggested string    `json:"suggested"`
	Because   string    `json:"because"`
	Breaks    []Problem `json:"breaks"`
	Ways      []Way     `json:"ways"`
}

// Way is one way to make a breaking change.
type Way struct {
	Name  string `json:"name"` // new-topic, dual-publishing, adapter, versioned-payload
	Title string `json:"title"`
	Suits string `json:"suits"` // when to choose it
	Cost  string `json:"cost"`  // what it takes
	Steps []Step `json:"steps"` // in order
}

// Step is one step, and the commands that do or check it. BROKERS, GROUP and FILE
// stand for what the plan can't know.
type Step struct {
	Text     string   `json:"text"`
	Commands []string `json:"commands"`
}

// PlanBreak plans a breaking change of a subject. The problems are those that the
// check found; those that are allowed or overruled don't count.
func PlanBreak(subject string, problems ...Problem) *BreakPlan {
	file := "FILE"
	if len(problems) > 0 && problems[0].File != "" {
		file = problems[0].File
	}
	return planBreak(subject, file, problems)
}

// PlanBreakOf is PlanBreak for a result of a check. It may be one that breaks
// nothing: a rule can't see that a number that was in cents is in euros now.
func PlanBreakOf(r *Result) *BreakPlan { return planBreak(r.Subject, r.Path, r.Problems) }

func planBreak(subject, file string, problems []Problem) *BreakPlan {
	topic, key := TopicOf(subject)
	p := &BreakPlan{
		Version: ReportVersion, Subject: subject, Topic: topic, NewTopic: nextName(topic), Breaks: []Problem{},
	}
	directions := map[Direction]bool{}
	for _, problem := range problems {
		if !problem.Allowed && !problem.Overruled {
			p.Breaks = append(p.Breaks, problem)
			directions[problem.Direction] = true
		}
	}
	n := breakNames{subject: subject, topic: topic, newTopic: p.NewTopic, part: "value", file: file}
	if key {
		n.part = "key"
	}
	n.context = strings.TrimSuffix(strings.TrimSuffix(subject, "-"+n.part), topic)
	p.Suggested, p.Because = suggest(directions)
	p.Ways = []Way{n.newTopicWay(), n.dualWay(), n.adapterWay(), n.payloadWay()}
	return p
}

// suggest picks the way that does least for what breaks.
func suggest(d map[Direction]bool) (name, because string) {
	switch {
	case d[NewReadsOld] && d[OldReadsNew]:
		return "new-topic", "neither schema reads the other's data, so that the two must not share a topic"
	case d[NewReadsOld]:
		return "new-topic", "the new schema can't read what is in the topic already"
	case d[OldReadsNew]:
		return "dual-publishing", "only consumers on an old schema are in the way: serve them until they have moved"
	}
	return "", ""
}

var versionAtEnd = regexp.MustCompile(`^(.*[.-]v?)(\d{1,6})$`)

// nextName names the successor of a topic: orders, orders-v2, orders-v3.
func nextName(topic string) string {
	if m := versionAtEnd.FindStringSubmatch(topic); m != nil {
		if n, err := strconv.Atoi(m[2]); err == nil {
			return m[1] + strconv.Itoa(n+1)
		}
	}
	return topic + "-v2"
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:@%+,=-]+$`)

// shell quotes a word for a shell where it has to be.
func shell(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
