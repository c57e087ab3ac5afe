package cluster

import "github.com/twmb/franz-go/pkg/kerr"

// codeWord is an error code in plain words. In a hint, {login} is who we are and
// {timeout} the time limit.
type codeWord struct{ problem, hint string }

const (
	aclHint     = "ask for an ACL for {login}; \"kafka-acls --list\" shows those there are"
	wait        = "the cluster is busy with itself; try again in a few seconds"
	liveGroup   = "stop the group's members, or choose another group"
	fewReplicas = "some of the partition's replicas are down or behind; see kafka-topics --describe --under-min-isr-partitions"
)

// codeWords has the error codes that a person can do something about; others
// keep Kafka's description. What each means is in Kafka's protocol guide and in
// the handlers of the brokers.
var codeWords = map[int16]codeWord{
	kerr.TopicAuthorizationFailed.Code:           {"not authorized for the topic", aclHint},
	kerr.GroupAuthorizationFailed.Code:           {"not authorized for the group", aclHint},
	kerr.ClusterAuthorizationFailed.Code:         {"not authorized for this on the cluster", aclHint},
	kerr.TransactionalIDAuthorizationFailed.Code: {"not authorized for the transactional id", aclHint},
	kerr.DelegationTokenAuthorizationFailed.Code: {"not authorized for the delegation token", aclHint},
	kerr.SecurityDisabled.Code:                   {"the brokers have no authorizer, so there are no ACLs", "set authorizer.class.name on the brokers"},

	kerr.UnknownTopicOrPartition.Code: {"no such topic or partition, or not visible to this user", "check the name; names are case-sensitive"},
	kerr.UnknownTopicID.Code:          {"no topic with this id: it was deleted, perhaps made anew", "plan again"},
	kerr.InvalidTopicException.Code:   {"not a topic name that Kafka allows", "use up to 249 letters, digits, \".\", \"_\" and \"-\""},
	kerr.TopicAlreadyExists.Code:      {"the topic exists already", "choose another name"},

	kerr.GroupIDNotFound.Code:     {"no such group, or not visible to this user", "check the name; \"evtctl lag\" lists the groups there are"},
	kerr.InvalidGroupID.Code:      {"not a group name that Kafka allows", "name a group that isn't empty"},
	kerr.NonEmptyGroup.Code:       {"the group still has live members", liveGroup},
	kerr.UnknownMemberID.Code:     {"the group still has live members", liveGroup},
	kerr.RebalanceInProgress.Code: {"the group is rebalancing, so it has live members", liveGroup},
	kerr.IllegalGeneration.Code:   {"the group still has live members", liveGroup},
	kerr.GroupSubscribedToTopic.Code: {
		"the group is subscribed to the topic", "stop the group's members first"},
	kerr.FencedInstanceID.Code: {"another member has taken over this group.instance.id", "each member needs an instance id of its own"},

	kerr.CoordinatorNotAvailable.Code:   {"the group's coordinator isn't available yet", wait},
	kerr.CoordinatorLoadInProgress.Code: {"the group's coordinator is still loading", wait},
	kerr.NotCoordinator.Code:            {"the group's coordinator has just moved", wait},
	kerr.LeaderNotAvailable.Code:        {"the partition has no leader", "a broker is down or the topic is new; try again, then see kafka-topics --describe --unavailable-partitions"},
	kerr.NotLeaderForPartition.Code:     {"the partition's leader has just moved", wait},
	kerr.NotController.Code:             {"the cluster's controller has just moved", wait},
	kerr.RequestTimedOut.Code:           {"the broker couldn't do it in time", "it waits for other brokers, or is overloaded; try again, or with a longer --timeout than {timeout}"},
	kerr.ThrottlingQuotaExceeded.Code:   {"throttled by the broker: the quota is used up", "slow down, or have the quota of {login} raised"},
	kerr.KafkaStorageError.Code:         {"the broker has a disk error", "look into the broker's log"},
	kerr.UnknownServerError.Code:        {"the broker failed unexpectedly", "look into the broker's log"},

	kerr.OffsetOutOfRange.Code:         {"the offset isn't in the partition (any more)", "retention may have deleted it; see the partition's start and end"},
	kerr.UnstableOffsetCommit.Code:     {"a transaction that commits offsets is still open", "wait until it ends"},
	kerr.NotEnoughReplicas.Code:        {"too few replicas are in sync to write", fewReplicas},
	kerr.MessageTooLarge.Code:          {"the record is larger than the topic allows", "raise max.message.bytes of the topic, or leave the record out"},
	kerr.RecordListTooLarge.Code:       {"the batch is larger than the topic's segments", "raise segment.bytes of the topic"},
	kerr.InvalidRecord.Code:            {"the broker refuses the record", "a compacted topic needs keys; timestamps have to be within the topic's limits"},
	kerr.CorruptMessage.Code:           {"the record is corrupt, or has no key in a compacted topic", "see the topic's cleanup.policy"},
	kerr.InvalidTimestamp.Code:         {"the record's timestamp isn't within the topic's limits", "see message.timestamp.before.max.ms and message.timestamp.after.max.ms of the topic"},
	kerr.PolicyViolation.Code:          {"a policy of the brokers forbids it", "ask those who run the cluster"},
	kerr.InvalidReplicationFactor.Code: {"there are fewer brokers than replicas asked for", "ask for fewer replicas"},
	kerr.UnsupportedVersion.Code:       {"the broker doesn't know this request", "it is too old for it, or a feature isn't switched on; see kafka-features describe"},
	kerr.ProducerFenced.Code:           {"another producer took over the transactional id", "let only one run at a time"},
	kerr.ListenerNotFound.Code:         {"the partition's leader has no listener of this name", "give all brokers the same listeners"},
}
