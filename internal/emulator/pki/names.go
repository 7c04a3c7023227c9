package pki

// Names lists what the emulator's certificate is good for: loopback, the shared
// gateway of every region, its VPC form, every instance's host, and extra names.
// (A certificate's wildcard stands for a first label only, so kms.*.aliyuncs.com
// must be spelled out.)
func Names(regions, extra []string) []string {
	names := []string{"localhost", "127.0.0.1", "::1", "*.cryptoservice.kms.aliyuncs.com"}
	for _, region := range regions {
		names = append(names, "kms."+region+".aliyuncs.com", "kms-vpc."+region+".aliyuncs.com")
	}
	return append(names, extra...)
}
