package view

import (
	"errors"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"kmsplan.dev/kmsplan/internal/lint"
)

// hostile is a text of others that tries what every form gives a meaning.
const hostile = "a \"b\" <script> `c` |d| @team #1 %0A\n::error::gone\r\n]]></failure>\x1b[31m\u202e http://x"

// lintTold is a view that was told of a lint: two findings of one rule, one of another in no file, one that was ignored.
func lintTold() *Told {
	src := []byte("key \"ä\" {}\nkey \"b\" {\n}\n")
	file, _ := hclsyntax.ParseConfig(src, "main.kms.hcl", hclv2.InitialPos)
	rules := lint.Rules()
	place := func(line, from, to int) hclv2.Range {
		r := hclv2.Range{Filename: "main.kms.hcl", Start: hclv2.Pos{Line: line, Column: from, Byte: from - 1}, End: hclv2.Pos{Line: line, Column: to, Byte: to}}
		if line == 2 {
			r.Start.Byte, r.End.Byte = 12+from-1, 12+to-1
		}
		return r
	}
	protection, waits := lint.Lookup(rules, "KP001"), lint.Lookup(rules, "KP037")
	t := &Told{About: About{Version: "1.2.3", Command: "lint", Prefix: "infra/k m", Stack: "infra/k m"}}
	t.Linted(lint.Report{
		Rules: []*lint.Rule{protection, lint.Lookup(rules, "KP002"), waits},
		Findings: []lint.Finding{
			{Rule: protection, Address: "key.ä", Message: "One.", Range: place(1, 1, 8), Pack: "Cloud Config x"},
			{Rule: protection, Address: "key.b", Message: hostile, Range: place(2, 1, 8)},
			{Rule: waits, Message: "The key key-9 is deleted."},
		},
		Suppressed: []lint.Finding{{Rule: protection, Address: "key.c", Message: "Three.", Range: place(2, 1, 8), Reason: "why " + hostile}},
	}, map[string]*hclv2.File{"main.kms.hcl": file})
	return t
}

// brokenTold is a view that was told of a module that does not load, and of an error.
func brokenTold() *Told {
	t := &Told{About: About{Version: "1.2.3", Command: "lint"}}
	at := hclv2.Range{Filename: "main.kms.hcl", Start: hclv2.Pos{Line: 3, Column: 1}, End: hclv2.Pos{Line: 4, Column: 1}}
	t.Diagnostics(hclv2.Diagnostics{
		{Severity: hclv2.DiagError, Summary: "Wrong, or: not", Detail: hostile, Subject: &at},
		{Severity: hclv2.DiagError, Summary: "Wrong too", Detail: "No place."},
		{Severity: hclv2.DiagWarning, Summary: "Odd", Detail: "Hm.", Subject: &at},
	}, nil)
	t.Error("kmsplan could not finish", errors.New(hostile), "try again")
	return t
}
