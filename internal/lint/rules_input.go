package lint

func inputRules() []*Rule { return nil }
