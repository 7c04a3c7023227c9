package enginetest

func Versions(w *World, id string) []Fields {
	w.Helper()
	return List(w.Do("ListKeyVersions", Fields{"KeyId": id, "PageSize": 100}), "KeyVersions.KeyVersion")
}
