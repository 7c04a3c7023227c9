package clitest

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io/fs"
	"net/http"
	"os"
	"time"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
	"github.com/rogpeppe/go-internal/testscript"

	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/stack"
)

// ObjectClient is the vendor's, of the object service of a ready file; its connections end with end.
func ObjectClient(r emulator.Ready) (c *sdk.Client, end func(), err error) {
	pem, err := os.ReadFile(r.CAFile)
	if err != nil {
		return nil, nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	return sdk.NewClient(sdk.NewConfig().WithRegion(r.Region).WithEndpoint("https://" + r.OSS).WithHttpClient(&http.Client{Transport: transport}).
		WithCredentialsProvider(credentials.NewStaticCredentialsProvider(r.AccessKeyID, r.AccessKeySecret, ""))), transport.CloseIdleConnections, nil
}

// bucket is a script's command: bucket NAME makes one in the object service of ready.json, and says with or without where
// that is and who may in. bucket NAME DIRECTORY makes one that keeps versions, with the directory's files in it.
func bucket(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 2 {
		ts.Fatalf("usage: bucket [NAME [DIRECTORY]]")
	}
	r, err := stack.ReadReadyFile(ts.MkAbs("ready.json"))
	ts.Check(err)
	for name, value := range map[string]string{
		"OSS_ENDPOINT": "https://" + r.OSS, "OSS_CA": r.CAFile, "OSS_ACCESS_KEY_ID": r.AccessKeyID, "OSS_ACCESS_KEY_SECRET": r.AccessKeySecret,
	} {
		ts.Setenv(name, value)
	}
	if len(args) == 0 {
		return
	}
	c, end, err := ObjectClient(r)
	ts.Check(err)
	defer end()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err = c.PutBucket(ctx, &sdk.PutBucketRequest{Bucket: &args[0]})
	ts.Check(err)
	if len(args) == 1 {
		return
	}
	_, err = c.PutBucketVersioning(ctx, &sdk.PutBucketVersioningRequest{Bucket: &args[0], VersioningConfiguration: &sdk.VersioningConfiguration{Status: sdk.VersionEnabled}})
	ts.Check(err)
	files := os.DirFS(ts.MkAbs(args[1]))
	ts.Check(fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, name)
		if err == nil {
			_, err = c.PutObject(ctx, &sdk.PutObjectRequest{Bucket: &args[0], Key: &name, Body: bytes.NewReader(body)})
		}
		return err
	}))
}
