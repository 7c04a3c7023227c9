// Package trees is what happens to trees of a thousand files that commands encrypt and decrypt: interrupted, killed, refused in the
// middle, and gone on with.
//
// It has nothing but its tests, which run the real program in processes that are killed. See package clitest.
package trees
