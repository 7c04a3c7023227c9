package core

// AuthClientKey is the only authentication method there is
// (KMS: CreateApplicationAccessPoint).
const AuthClientKey = "ClientKey"

// NetworkPrivate is the only type there is (KMS: CreateNetworkRule).
const NetworkPrivate = "Private"

// SharedGateway is the KmsInstance of a policy for what lives in no instance
// (KMS: CreatePolicy, document_detail/2588602).
const SharedGateway = "shared"

// InstanceResource begins the resource part of an instance's ARN.
const InstanceResource = "keystore/"
