package clitest

import (
	"os"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"

	"kmsplan.dev/kmsplan/internal/state/http/gitlab"
)

// gitLab is the state server of a script: gitlab start, gitlab save FILE (the document as it is stored), gitlab put FILE
// (behind everybody's back).
type gitLab struct{ servers sync.Map } // by the script's directory: scripts run side by side

func (g *gitLab) get(name string) *gitlab.Server {
	s, _ := g.servers.Load(name)
	return s.(*gitlab.Server)
}

func (g *gitLab) command(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: gitlab start | save FILE | put FILE")
	}
	switch name := ts.Getenv("WORK"); args[0] {
	case "start":
		s := gitlab.Start()
		s.Locks, s.Versions = true, true
		g.servers.Store(name, s)
		ts.Defer(s.Close)
		ts.Setenv("GITLAB", s.URL)
		ts.Setenv("KMSPLAN_HTTP_USERNAME", gitlab.User)
		ts.Setenv("KMSPLAN_HTTP_PASSWORD", gitlab.Password)
		ts.Check(os.WriteFile(ts.MkAbs("gitlab.pem"), s.CA(), 0o600))
	case "save":
		ts.Check(os.WriteFile(ts.MkAbs(args[1]), g.get(name).Document(), 0o600))
	case "put":
		data, err := os.ReadFile(ts.MkAbs(args[1]))
		ts.Check(err)
		g.get(name).Edit(func([]byte) []byte { return data })
	}
}
