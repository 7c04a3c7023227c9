package lint

func commentRules() []*Rule { return nil }
