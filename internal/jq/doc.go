// Package jq asks and changes JSON in the jq language, for whoever reads records one
// by one: a [Query] chooses among them, a [Set] changes what they say.
//
// Both are compiled before anything is read, see one record only, and are bounded in
// time at each: neither the environment, nor modules, nor other input can be had. What
// a record is in JSON, its reader says; [Text], [Int], [Time], [Data] and [JSON] make
// the parts alike everywhere.
package jq
