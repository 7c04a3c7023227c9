// Package child runs other programs: an editor on a plaintext, a command that is given decrypted values. What they see
// of this process, and what of them outlives it, is decided here.
//
// It imports nothing of ours. Start reading at Start, then Harden.
package child
