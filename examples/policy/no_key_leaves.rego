# No key leaves: none is deleted, and none is retired or forgotten on the way there.
package main

import rego.v1

deny contains msg if {
	some change in input.resource_changes
	change.type == "key"
	some action in {"delete", "forget"}
	action in change.change.actions
	msg := sprintf("%s: no key may leave (%s, gateway %s)", [change.address, change.kmsplan.action, change.kmsplan.gateway])
}

# The steps of a retirement that disable a key and let it soak are updates to Terraform's readers.
deny contains msg if {
	some change in input.resource_changes
	change.type == "key"
	change.kmsplan.action == "retire"
	not "delete" in change.change.actions
	msg := sprintf("%s: no key may leave (retire, gateway %s)", [change.address, change.kmsplan.gateway])
}
