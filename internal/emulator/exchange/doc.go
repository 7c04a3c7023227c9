// Package exchange is one request on its way through a gateway of the emulator: it arrives, meets the faults,
// is accepted or refused, carried out, noted, and answered. Both gateways go this way; each supplies a
// Protocol, which reads requests and words answers.
//
// It imports the engine, the faults, the limits and the call log, and no protocol. Start reading at Serve.
package exchange
