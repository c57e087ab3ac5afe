// Package registry asks a schema registry that speaks Confluent's HTTP interface:
// Confluent's own, Apicurio, Karapace and others.
//
// [New] makes a [Client], which only reads: subjects, versions, schemas with what
// they refer to, compatibility settings, and the registry's own verdict on a
// [Candidate]. What writes is a [Writer] beside it, so that who has a Client only
// can change nothing.
//
// # Strictness
//
// An answer counts only when it is what was asked for. A page of HTML, an empty
// body, a field that is missing or of another type, trailing text, a redirect, a
// wrong status: each is an *[Error] that says what was asked and what came, and
// none is ever taken for a verdict. In particular a subject is missing only when
// the registry says so in its own words, as a mistyped URL answers 404 too.
//
// # Safety
//
// Requests go to the scheme, host and port of the configured URL and nowhere
// else, so that no redirect carries a login along or reaches into a network that
// only this machine sees. Answers are bounded in size and in time.
//
// # Contexts
//
// Confluent's contexts are part of a subject's name, as in ":.staging:orders".
// A URL that ends in "/contexts/.staging" works as well, where the registry
// knows that.
package registry
