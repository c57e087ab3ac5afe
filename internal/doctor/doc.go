// Package doctor goes from a symptom to its cause: records are produced, and nobody
// consumes them.
//
// [Diagnose] looks at the cluster, at a topic and its consumer groups, over a window of
// some seconds, and gives a [Diagnosis]. For a topic it asks six questions of each
// group that reads it, in this order, and stops at the first that is answered "no":
// is a consumer running, is it subscribed to the topic, is the group at rest, does every
// partition get on, did it begin before the records were written, can the brokers be
// reached. Each [Answer] has its evidence. Beside that it looks for what makes records
// useless though they are consumed: see the kinds of [Cause].
//
// What it claims it can show; what it can't know is in [Diagnosis.Unknown] with the
// reason, and is no finding. It only reads: it joins no group, commits nothing and writes
// nothing.
//
// What groups did over a while is package observe's to see.
package doctor
