package child

import "os"

func signalled(*os.ProcessState) int { return 0 }
