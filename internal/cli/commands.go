package cli

import "github.com/spf13/cobra"

// commands are the commands of the top level.
func (a *app) commands() []*cobra.Command {
	return []*cobra.Command{
		a.initCommand(), a.validateCommand(), a.fmtCommand(), a.planCommand(), a.applyCommand(), a.destroyCommand(), a.showCommand(), a.outputCommand(), a.graphCommand(), a.iamCommand(), a.consoleCommand(),
		a.stateCommand(), a.importCommand(), a.discoverCommand(), a.importFromTerraformCommand(), a.driftCommand(), a.refreshCommand(), a.recoverCommand(), a.forceUnlockCommand(),
		a.workspaceCommand(),
		a.statusCommand(), a.importCensusCommand(), a.usageCommand(), a.drillCommand(), a.reportCommand(),
		a.rotateCommand(), a.rescueCommand(), a.importMaterialCommand(), a.secretCommand(),
		a.lintCommand(), a.testCommand(),
		a.runCommand(), a.encryptCommand(), a.decryptCommand(), a.inspectCommand(), a.verifyCommand(), a.rewrapCommand(), a.reencryptCommand(), a.gitCommand(), a.checkStagedCommand(),
		a.editCommand(), a.setCommand(), a.unsetCommand(), a.execCommand(),
		a.batchCommand(), a.workerCommand(),
		a.kmsCommand(), a.transferCommand(),
		a.emulatorCommand(), a.benchCommand(), a.doctorCommand(), a.versionCommand(),
	}
}
