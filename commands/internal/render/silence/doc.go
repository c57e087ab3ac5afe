// Package silence keeps libraries from talking to the terminal while the program
// starts.
//
// Importing Bubble Tea v1 is enough to make a program ask its terminal for the
// background colour: an init function there sends OSC 11 and a cursor query to
// stdout, swallows what the user has typed ahead while it reads the answer, and
// waits up to five seconds for terminals that give none. That is the price of
// every command, "evtctl version" too, unless stdout is not a terminal or TERM is
// dumb, screen… or tmux….
//
// So TERM is "dumb" while libraries are initialised. This package's init function
// sets it and [Lift], called by the package that imports Bubble Tea, gives it back;
// main and every goroutine see the real value. The order is given by the language:
// of the packages whose imports are initialised, the one with the first import path
// is next. This one needs package os only and sorts before
// github.com/muesli/termenv, which looks at TERM and which Bubble Tea needs first.
package silence
