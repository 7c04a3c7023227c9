package safety

// Of workspaces.
const (
	SavedWorkspace     Switch = "saved-workspace"
	WorkspaceThere     Switch = "workspace-there"
	WorkspaceInUse     Switch = "workspace-in-use"
	WorkspaceSealed    Switch = "workspace-sealed"
	WorkspaceWitness   Switch = "workspace-witness"
	RemoveFence        Switch = "remove-fence"
	RemoveVersion      Switch = "remove-version"
	LocalRemoveFence   Switch = "local-remove-fence"
	LocalRemoveVersion Switch = "local-remove-version"
	VacateUnused       Switch = "vacate-unused"
)

func workspaces() []Safety {
	return []Safety{
		{SavedWorkspace, "A saved plan is not applied in another workspace than it was made in.", "internal/plan/planfile", "TestWhatItWasMadeFrom/another workspace"},
		{WorkspaceThere, "A workspace that nobody has made is not taken for a new stack.", "internal/stack", "TestAWorkspaceThatIsNotThereIsNoNewStack"},
		{WorkspaceInUse, "A workspace whose state holds something is not deleted unless somebody says so.", "internal/stack", "TestAWorkspaceInUseIsNotDeleted"},
		{WorkspaceSealed, "A state that was sealed in one workspace does not open in another.", "internal/stack", "TestASealedStateOpensInItsWorkspaceOnly"},
		{WorkspaceWitness, "An older state in one workspace is noticed whatever was seen in others.", "internal/stack", "TestAnOlderStateIsNoticedInEachWorkspace"},
		{RemoveFence, "A run that another took over from removes no state on a server.", "internal/state/remote", "TestStoreContract/a writer that was fenced off removes nothing"},
		{RemoveVersion, "A state on a server that another stored meanwhile is not removed.", "internal/state/remote", "TestStoreContract/a state that another stored meanwhile is not removed"},
		{LocalRemoveFence, "A run that another took over from removes no state file.",
			"internal/state/local", "TestLocalKeepsItWhereLocksDoNothing/a writer that was fenced off removes nothing"},
		{LocalRemoveVersion, "A state file that another stored meanwhile is not removed.", "internal/state/local", "TestLocalKeepsTheStoreContract/a state that another stored meanwhile is not removed"},
		{VacateUnused, "The place of a deleted workspace is not taken from who has begun to use it again.", "internal/state/http", "TestWorkspaces"},
	}
}
