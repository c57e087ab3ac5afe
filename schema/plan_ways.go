package schema

import "fmt"

// breakNames are the names that the steps speak of.
type breakNames struct {
	context                  string // of the registry, as it begins a subject's name
	subject, topic, newTopic string
	part                     string // value or key
	file                     string // of the new schema
}

func (n breakNames) newSubject() string { return n.context + n.newTopic + "-" + n.part }

func (n breakNames) createTopic() Step {
	return Step{
		Text: fmt.Sprintf("Create topic %s with the partitions and settings of %s, so that each key keeps its partition.", n.newTopic, n.topic),
		Commands: []string{
			fmt.Sprintf("kafka-topics.sh --bootstrap-server BROKERS --describe --topic %s", shell(n.topic)),
			fmt.Sprintf("kafka-topics.sh --bootstrap-server BROKERS --create --topic %s --partitions N --replication-factor R", shell(n.newTopic)),
		},
	}
}

func (n breakNames) register(subject string) Step {
	return Step{
		Text:     fmt.Sprintf("Register the new schema as the first version of subject %s.", subject),
		Commands: []string{fmt.Sprintf("evtctl schema register %s --subject %s", shell(n.file), shell(subject))},
	}
}

// drained waits until a group has read a topic to its end.
func (n breakNames) drained(text string) Step {
	return Step{Text: text, Commands: []string{
		fmt.Sprintf("evtctl lag check --group GROUP --topic %s --warn 0 --critical 0", shell(n.topic)),
	}}
}

// retire ends the life of the old topic.
func (n breakNames) retire() Step {
	return Step{
		Text: fmt.Sprintf("When nothing reads or writes %s any more and its records aren't needed, delete it and its subject.", n.topic),
		Commands: []string{
			fmt.Sprintf("evtctl lag --topic %s", shell(n.topic)),
			fmt.Sprintf("kafka-topics.sh --bootstrap-server BROKERS --delete --topic %s", shell(n.topic)),
		},
	}
}

func (n breakNames) newTopicWay() Way {
	return Way{
		Name: "new-topic", Title: "A new topic",
		Suits: "the new schema can't read old data, and consumers can be moved within the topic's retention",
		Cost:  "consumers read two topics for a while; order holds within each topic only",
		Steps: []Step{
			n.createTopic(),
			n.register(n.newSubject()),
			{Text: fmt.Sprintf("Deploy consumers that read %s with the old schema and %s with the new one.", n.topic, n.newTopic), Commands: []string{}},
			{Text: fmt.Sprintf("Deploy producers that write to %s only.", n.newTopic), Commands: []string{}},
			n.drained(fmt.Sprintf("Wait until every group has read %s to its end.", n.topic)),
			{Text: fmt.Sprintf("Deploy consumers without %s and the old schema.", n.topic), Commands: []string{}},
			n.retire(),
		},
	}
}

func (n breakNames) dualWay() Way {
	return Way{
		Name: "dual-publishing", Title: "Dual publishing",
		Suits: "many consumers in many hands, who move in their own time",
		Cost:  "producers write everything twice; with an outbox or a transaction, or one of the two gets lost",
		Steps: []Step{
			n.createTopic(),
			n.register(n.newSubject()),
			{Text: fmt.Sprintf("Deploy producers that write each event to %s with the old schema and to %s with the new one, in one transaction and with the same event id.", n.topic, n.newTopic), Commands: []string{}},
			{Text: fmt.Sprintf("Move consumers one by one to %s. Each goes on from the events that it has seen: it leaves out event ids that it has processed.", n.newTopic),
				Commands: []string{fmt.Sprintf("evtctl lag --topic %s --topic %s --by topic", shell(n.topic), shell(n.newTopic))}},
			n.drained(fmt.Sprintf("See that no group is left on %s, and that the last one has read it to its end.", n.topic)),
			{Text: fmt.Sprintf("Deploy producers that write to %s only.", n.newTopic), Commands: []string{}},
			n.retire(),
		},
	}
}

func (n breakNames) adapterWay() Way {
	group := n.topic + "-adapter"
	return Way{
		Name: "adapter", Title: "An adapter",
		Suits: "old consumers can't be changed, and what they need can be made from the new events",
		Cost:  "one more service to run, and its delay; what the old schema can't say is lost on the way",
		Steps: []Step{
			n.createTopic(),
			n.register(n.newSubject()),
			{Text: fmt.Sprintf("Deploy an adapter, group %s: it reads %s, turns each event into the old schema and writes it to %s with the same key and event id, exactly once.", group, n.newTopic, n.topic), Commands: []string{}},
			{Text: fmt.Sprintf("Deploy producers that write to %s only. From here on the adapter is the only one that writes to %s.", n.newTopic, n.topic), Commands: []string{}},
			{Text: "Watch that the adapter keeps pace.",
				Commands: []string{fmt.Sprintf("evtctl lag check --group %s --max-time-lag 1m", shell(group))}},
			{Text: fmt.Sprintf("Move consumers to %s when they can. When the last has, stop the adapter.", n.newTopic),
				Commands: []string{fmt.Sprintf("evtctl lag --topic %s", shell(n.topic))}},
			n.retire(),
		},
	}
}

func (n breakNames) payloadWay() Way {
	subject := n.context + n.topic + "-RECORD"
	return Way{
		Name: "versioned-payload", Title: "A versioned payload in the same topic",
		Suits: "order across old and new events matters, and all consumers can be deployed before any producer",
		Cost:  "consumers keep both versions for as long as old records can be read again",
		Steps: []Step{
			{Text: "Give the changed type a new name, as in OrderPlacedV2; the old one stays as it is.", Commands: []string{}},
			{Text: fmt.Sprintf("Register it under its own subject: topic and full name of the type (TopicRecordName). %s stays as it is.", n.subject),
				Commands: []string{fmt.Sprintf("evtctl schema register %s --subject %s", shell(n.file), shell(subject))}},
			{Text: "Deploy consumers that take either type, and dead-letter types that they don't know.", Commands: []string{}},
			{Text: "See that every group runs them and is not behind.",
				Commands: []string{fmt.Sprintf("evtctl lag --topic %s", shell(n.topic))}},
			{Text: fmt.Sprintf("Deploy producers with %s.subject.name.strategy=io.confluent.kafka.serializers.subject.TopicRecordNameStrategy that write the new type to %s.", n.part, n.topic), Commands: []string{}},
			{Text: "Keep the old type in consumers until its last record has expired, and until nobody replays from before.", Commands: []string{}},
		},
	}
}
