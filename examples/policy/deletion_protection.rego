# Every key that lives on is protected from deletion.
package main

import rego.v1

deny contains msg if {
	some change in input.resource_changes
	change.mode == "managed"
	change.type == "key"
	change.change.after != null
	not change.change.after.deletion_protection == true
	msg := sprintf("%s: deletion_protection must be true", [change.address])
}
