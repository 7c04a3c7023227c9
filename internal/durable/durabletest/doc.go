// Package durabletest checks what a crash leaves of work that goes through package durable: it records
// every step and makes of each prefix of the record the disks that a power cut may leave behind, with what was not
// synced dropped, torn or kept.
//
// It imports durable only. Start reading at Record.
package durabletest
