package cli

import "os"

// passedOn: this system has no further signals.
var passedOn = []os.Signal{os.Interrupt}
