// Package replay lets one consumer group read part of the past again without
// disturbing anybody else.
//
// A [Position] says from where, in offsets or in time. Times always name their
// zone: a cut that is an hour off replays an hour too much, or too little.
//
// [NewPlan], [PlanUndo] and [PlanPromotion] work out a [Plan] and take a [Reader], which
// can't write; [Plan.Look] reads the records behind its new offsets. [Plan.Apply] commits
// for the plan's own group and no other, after it has kept what that group had, and gives
// a [Receipt]. [Follow] and [Finish] are the rest of an isolated group's life.
// [CheckIdempotent] says what in a topic would make a second reading harmful, and
// [Status.CountDuplicates] what of that a group has met.
//
// A share group has start offsets in the place of commits; what is said of commits here
// is true of those, but that the state of single records behind them isn't kept.
//
// The package never touches the source group of an isolated one, never commits for a
// group with members, and never leaves a partition out: one that can't be planned fails
// the plan.
package replay
