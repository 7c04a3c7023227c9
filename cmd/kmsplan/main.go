// Command kmsplan is the declarative key manager for Alibaba Cloud KMS.
package main

import (
	"os"

	"kmsplan.dev/kmsplan/internal/cli"
)

func main() { os.Exit(cli.AsProcess()) }
