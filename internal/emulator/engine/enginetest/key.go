package enginetest

func Merge(a, b Fields) Fields {
	all := Fields{}
	for _, m := range []Fields{a, b} {
		for k, v := range m {
			all[k] = v
		}
	}
	return all
}
