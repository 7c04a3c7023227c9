package safety

// Of the two gateways' clients.
const (
	GatewayTLS     Switch = "gateway-tls"
	InstanceTLS    Switch = "instance-tls"
	AnswerBounded  Switch = "answer-bounded"
	QuotaTogether  Switch = "quota-together"
	QuotaAccount   Switch = "quota-account"
	AnswerTyped    Switch = "answer-typed"
	AnswerScrubbed Switch = "answer-scrubbed"
	AnswerCompared Switch = "answer-compared"
	AliasTarget    Switch = "alias-target"
	NotTrusted     Switch = "not-trusted"
	NotRepeated    Switch = "not-repeated"
	StaysAmbiguous Switch = "stays-ambiguous"
	SentIsUnknown  Switch = "sent-is-unknown"
	SendBy         Switch = "send-by"
	AbsenceIsSaid  Switch = "absence-is-said"
	DataKeyWhole   Switch = "data-key-whole"
	NoCommand      Switch = "no-command"
)

func gateway() []Safety {
	return []Safety{
		{GatewayTLS, "No gateway is spoken to in clear, this machine's excepted.", "internal/kms/transport", "TestEndpoints"},
		{InstanceTLS, "The instance gateway is never spoken to in clear.", "internal/kms/clientkey", "TestClientKeyNeedsTLS"},
		{QuotaTogether, "Runs on one machine do not take more of an account's quotas together than one of them would.", "internal/stack", "TestRunsOnOneMachineShareAQuota"},
		{QuotaAccount, "Runs with several credentials of one account share its quotas.", "internal/stack", "TestCredentialsOfOneAccountShareItsQuota"},
		{AnswerBounded, "No answer is read beyond 1 MiB.", "internal/kms/public", "TestLargeAnswerIsRefused"},
		{AnswerTyped, "A page of something between is not read as an answer of the instance gateway.", "internal/kms/clientkey", "TestInstanceAnswersOfAnotherTypeAreRefused"},
		{AnswerScrubbed, "A secret that the service quotes does not reach an error.", "internal/kms/public", "TestServiceMessagesAreScrubbed"},
		{AnswerCompared, "An answer about another object than the one asked for is refused.", "internal/kms/public", "TestAnswersAboutAnotherObjectAreRefused"},
		{AliasTarget, "An alias that was resolved in this run means that key until it is resolved anew.", "internal/kms", "TestAliasesAreHeldToTheirTarget"},
		{NotTrusted, "A gateway that answered about another object gets no more calls that manage.", "internal/kms/public", "TestAnswersAboutAnotherObjectAreRefused"},
		{NotRepeated, "A call that is not idempotent is not repeated after its answer was lost.", "internal/kms/public", "TestRetryPolicy/500"},
		{StaysAmbiguous, "A call of which one attempt's answer was lost stays unknown, whatever a later attempt was told.", "internal/kms/public", "TestLostAnswerStaysAmbiguous"},
		{SentIsUnknown, "A call of which a byte had left is not taken for never made.", "internal/kms/public", "TestRequestIsNotReplayedOnADeadConnection"},
		{SendBy, "No call that changes something starts after the time its intent says.", "internal/kms/public", "TestNothingIsSentAfterItsTime"},
		{AbsenceIsSaid, "A failure, of credentials or of the way there, does not look like absence.", "internal/kms/public", "TestOnlyThreeCodesMeanNotFound"},
		{DataKeyWhole, "A data key of another length than asked for seals nothing.", "internal/kms", "TestADataKeyOfWrongLengthIsRefused"},
		{NoCommand, "No profile runs a command that was not allowed.", "internal/kms/credential", "TestChainRefusesDangerousProfiles/external"},
	}
}
