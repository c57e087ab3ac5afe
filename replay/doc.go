// Package replay lets one consumer group read part of the past again without
// disturbing anybody else.
//
// A [Position] says from where, in offsets or in time. Times always name their
// zone: a cut that is an hour off replays an hour too much, or too little.
package replay
