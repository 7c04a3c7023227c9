// Package view prints. It is the only package that writes to the user's
// terminal: each command hands it what happened and it turns that into words,
// JSON lines or a report. Logic never prints, and nothing here decides.
//
// It may import plan, state, lint and the libraries of values and diagnostics;
// nothing imports it but package cli. Start reading at Terminal and Plan.
package view
