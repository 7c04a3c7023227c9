package kmstest

// DescribedKey is an answer of DescribeKey with every field.
const DescribedKey = `{"RequestId":"R1","KeyMetadata":{"KeyId":"key-1","Arn":"acs:kms:cn-hangzhou:1:key/key-1",
"KeySpec":"Aliyun_AES_256","KeyUsage":"ENCRYPT/DECRYPT","Origin":"Aliyun_KMS","KeyState":"Enabled","ProtectionLevel":"SOFTWARE",
"DKMSInstanceId":"kst-1","Description":"orders","Creator":"1","PrimaryKeyVersion":"v1","CreationDate":"2026-01-02T03:04:05Z",
"DeleteDate":"","MaterialExpireTime":"","AutomaticRotation":"Enabled","RotationInterval":"7776000s",
"LastRotationDate":"2026-01-02T03:04:05Z","NextRotationDate":"2026-04-02T03:04:05Z",
"DeletionProtection":"Enabled","DeletionProtectionDescription":"held"}}`
