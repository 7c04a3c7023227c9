// Package rights is what shows that the RAM policies which iam prints are enough for what commands do, and the least: each is held
// against an emulator that asks for rights, whole, and without each of its actions.
//
// It has nothing but its tests, which run the real program. See package clitest.
package rights
