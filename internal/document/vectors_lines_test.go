package document

// lineByLine are the formats that are read line by line. What stands before it and behind it keeps its randomness.
func (m *maker) lineByLine() {
	const env = "# prod\nHOST=db.local\nPASSWORD=\"s3 #cret\" # rotated\nexport KEY='one\ntwo'\nEMPTY=\nFROM_HOST\nB: x\n"
	m.ok("dotenv", "every value: quotes, several lines, an empty one, a name alone", "dotenv", env)
	doc, h := m.ok("dotenv-rules", "what -only finds, CR LF, no end of the last line", "dotenv", "A=\"1\"\r\nPASSWORD=x\r\nB=2 # c", rules("^PASSWORD$", ""))
	for _, c := range [][3]string{
		{"dotenv-quotes", `A="1"`, "A='1'"}, {"dotenv-export", "PASSWORD=", "export PASSWORD="}, {"dotenv-comment", "# c", "# d"}, {"dotenv-name", "A=", "C="},
	} {
		m.bad(c[0], "changed", "A=\"1\"\r\nPASSWORD=x\r\nB=2 # c", doc, h, c[1], c[2])
	}
	const ini = "; top\n[db \"a]b\"] # c\nuser = app ; me\npassword = one\n  # why\n  two\nlist =\n  a = 1\nalone\n!include x\n[e]\nf: \\\ng\n"
	m.ok("ini", "every value: over several lines, with a comment inside, behind nothing", "ini", ini)
	m.ok("ini-properties", "no section: the header's comments begin with #", "ini", "# c\na.b=x\\\n  y\n! d\n//h/:_t=z\n")
	doc, h = m.ok("ini-rules", "what -except does not find", "ini", ini, rules("", "^user$ ^f$"))
	for _, c := range [][3]string{
		{"ini-section", "[e]", "[g]"}, {"ini-separator", "f:", "f ="}, {"ini-line", "f: \\\n", "f: "}, {"ini-comment", "; top", "# top"}, {"ini-directive", "!include x", "!include y"},
	} {
		m.bad(c[0], "changed", ini, doc, h, c[1], c[2])
	}
}
