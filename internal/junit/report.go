package junit

import "encoding/xml"

// Report is a run of several suites.
type Report struct {
	XMLName  xml.Name `xml:"testsuites"`
	Name     string   `xml:"name,attr"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Suites   []Suite  `xml:"testsuite"`
}

// Suite is a run of several cases.
type Suite struct {
	Name     string `xml:"name,attr"`
	Tests    int    `xml:"tests,attr"`
	Failures int    `xml:"failures,attr"`
	Errors   int    `xml:"errors,attr"`
	Skipped  int    `xml:"skipped,attr"`
	Time     string `xml:"time,attr"`
	Cases    []Case `xml:"testcase"`
}

// Case passed if it has neither a failure nor an error and was not skipped.
type Case struct {
	Class   string   `xml:"classname,attr"`
	Name    string   `xml:"name,attr"`
	Time    string   `xml:"time,attr"`
	File    string   `xml:"file,attr,omitempty"`
	Line    int      `xml:"line,attr,omitempty"`
	Failure *Problem `xml:"failure"`
	Error   *Problem `xml:"error"`
	Skipped *Skipped `xml:"skipped"`
}

// Problem is why a case did not pass.
type Problem struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// Skipped is why a case was not run.
type Skipped struct {
	Message string `xml:"message,attr,omitempty"`
}

// Write counts the cases and writes the report. No time is told: what is reported is no measurement.
func Write(name string, suites ...Suite) ([]byte, error) {
	r := Report{Name: name}
	for _, s := range suites {
		s.count()
		r.Tests, r.Failures, r.Errors = r.Tests+s.Tests, r.Failures+s.Failures, r.Errors+s.Errors
		r.Suites = append(r.Suites, s)
	}
	out, err := xml.MarshalIndent(r, "", "  ")
	return append([]byte(xml.Header), append(out, '\n')...), err
}

func (s *Suite) count() {
	s.Time, s.Tests = "0", len(s.Cases)
	for i := range s.Cases {
		c := &s.Cases[i]
		c.Time = "0"
		switch {
		case c.Failure != nil:
			s.Failures++
		case c.Error != nil:
			s.Errors++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
}

// Because is a problem of a kind, with a text for people.
func Because(message, kind, text string) *Problem {
	return &Problem{Message: message, Type: kind, Text: text}
}
