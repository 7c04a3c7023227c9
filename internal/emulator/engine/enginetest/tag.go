package enginetest

func TagsOf(w *World, id string) map[string]string {
	w.Helper()
	all := map[string]string{}
	for _, t := range List(w.Do("ListResourceTags", Fields{"KeyId": id}), "Tags.Tag") {
		if t["KeyId"] != id {
			w.Errorf("tag of %v listed for %s", t["KeyId"], id)
		}
		all[t["TagKey"].(string)] = t["TagValue"].(string)
	}
	return all
}
