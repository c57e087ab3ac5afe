package lag

// TopicLag is what a group has to do with one topic.
type TopicLag struct {
	Group           string  `json:"group"`
	Topic           string  `json:"topic"`
	PartitionCount  int     `json:"partitions"`
	Lag             Int     `json:"lag"`
	MaxPartitionLag Int     `json:"max_partition_lag"`
	TimeLag         Seconds `json:"time_lag_seconds"`
	Verdict         Verdict `json:"verdict"`
	Reasons         Reasons `json:"reasons"`
}

// ByTopic sums a judged report up by group and topic, in the report's order.
func (r *Report) ByTopic() []TopicLag {
	list := []TopicLag{}
	for i := range r.Groups {
		g := &r.Groups[i]
		for from := 0; from < len(g.Partitions); {
			to := from
			for to < len(g.Partitions) && g.Partitions[to].Topic == g.Partitions[from].Topic {
				to++
			}
			part := Group{Partitions: g.Partitions[from:to]}
			part.sum()
			part.conclude()
			list = append(list, TopicLag{
				Group: g.Name, Topic: g.Partitions[from].Topic, PartitionCount: to - from,
				Lag: part.Lag, MaxPartitionLag: part.MaxPartitionLag, TimeLag: part.TimeLag,
				Verdict: part.Verdict, Reasons: part.Reasons,
			})
			from = to
		}
	}
	return list
}

// GroupPartition is a partition together with its group, for flat listings.
type GroupPartition struct {
	Group string `json:"group"`
	*Partition
}

// ByPartition lists all partitions of all groups, in the report's order.
func (r *Report) ByPartition() []GroupPartition {
	size := 0
	for i := range r.Groups {
		size += len(r.Groups[i].Partitions)
	}
	list := make([]GroupPartition, 0, size)
	for i := range r.Groups {
		for j := range r.Groups[i].Partitions {
			list = append(list, GroupPartition{r.Groups[i].Name, &r.Groups[i].Partitions[j]})
		}
	}
	return list
}

// Verdict is the worst of the groups' verdicts.
func (r *Report) Verdict() Verdict {
	worst := OK
	for i := range r.Groups {
		worst = max(worst, r.Groups[i].Verdict)
	}
	return worst
}
