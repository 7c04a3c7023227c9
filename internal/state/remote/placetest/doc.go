// Package placetest checks a remote.Place: what package remote builds its promises on. Memory is a Place in memory, with
// the faults that servers have, on which remote itself is tested.
//
// Of ours it imports state/remote, state, statetest and statetest/crowd.
package placetest
