// Package transfer moves what is encrypted under shared keys of KMS 1.0 to keys of a KMS 3.0 instance: it finds the
// ciphertexts in files, has them encrypted anew, opens each under the new key before the old one goes, and rewrites a
// file whole or not at all.
//
// A ciphertext of KMS begins with the 36 characters of a key version's id, whoever made it: the shared gateway, the
// vendor's transfer client, or an instance, which puts three bytes before them. Thirty-six bytes are 48 characters of
// base64, always the same ones, so that ciphertexts are found in any text by the versions of the keys that they are to
// leave, and nothing else is taken for one. kmsplan's own envelopes name their keys in their headers,
// and so do the messages of the vendor's encryption clients, which hold such ciphertexts as data keys (message.go).
//
// It may import kms and the layouts of ciphertexts and messages. Start reading at Job.
package transfer
