// Package clock is the emulator's virtual time. Everything in the emulator that
// has to do with time asks a Clock, so that tests can travel.
//
// It imports the standard library only. The engine keeps the clock's State in
// its store and drives the events that fall due (engine.Advance).
package clock
