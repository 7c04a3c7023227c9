// Command kmsplan is the declarative key manager for Alibaba Cloud KMS.
package main

import (
	"os"

	"kmsplan.dev/kmsplan/internal/cli"
)

func main() {
	os.Exit(cli.Main(cli.Process{
		Args: os.Args[1:], Env: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
	}))
}
