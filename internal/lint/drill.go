package lint

import "time"

// drillEvery is how often break-glass is to be tried.
const drillEvery = 90 * day

// undrilled looks when files were last opened by an age identity alone, where a block has recipients: one finding for all of them.
func (p *pass) undrilled() {
	if p.Recorded == nil {
		return
	}
	for _, file := range p.module.of("encrypt") {
		if v, known := file.known("recipients"); file.unset("recipients") || known && v.LengthInt() == 0 {
			continue
		}
		switch age := p.Now.Sub(p.Drilled); {
		case p.Drilled.IsZero():
			p.about(file, "recipients", "%s has recipients for break-glass, and no drill has opened a file with an identity yet.", file.addr.Block())
		case p.DrillFailed > 0:
			p.about(file, "recipients", "The last drill, on %s, could not open %d of its files.", p.Drilled.Format(time.DateOnly), p.DrillFailed)
		case age > drillEvery:
			p.about(file, "recipients", "The last drill was on %s, %d days ago.", p.Drilled.Format(time.DateOnly), age/day)
		}
		return
	}
}
