package witness

func (w *world) refuse(c client) {}

const wireAgent = "kmsplan-witness-wire"
