package safety

// Of taking up what is there already.
const (
	ImportOnly     Switch = "import-only"
	DiscoverOwn    Switch = "discover-own"
	TerraformWhole Switch = "terraform-whole"
)

func onboarding() []Safety {
	return []Safety{
		{ImportOnly, "An import changes nothing of the object that it takes up.", "internal/plan", "TestAnImportChangesNothing"},
		{DiscoverOwn, "What another stack manages is not drawn for a second one.", "internal/draft", "TestWhatIsOthersIsNotDrawn"},
		{TerraformWhole, "Terraform is not told to forget an instance that nobody took over.", "internal/draft/tfstate", "TestAStateIsTaken"},
	}
}
