// Package report writes a [schema.Report] in the forms that CI systems read: JUnit's
// XML, GitHub's annotations and SARIF 2.1.0.
//
// All three name files as they are named in a repository: paths below [Options].Root
// become relative to it. What an allow list lets pass, and what a registry
// overrules, appears, marked as such, and fails nothing. What couldn't be checked is
// an error in each form.
package report
