package s3

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/encrypt"

	"kmsplan.dev/kmsplan/internal/batch/source"
)

const metaPrefix = "X-Amz-Meta-"

// keptHeaders are what an object's answer tells and its next write sends again, beside the user's metadata.
var keptHeaders = []string{
	"Content-Type", "Content-Encoding", "Content-Disposition", "Content-Language", "Cache-Control", "Expires",
	"X-Amz-Storage-Class", "X-Amz-Website-Redirect-Location",
	"X-Amz-Server-Side-Encryption", "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id", "X-Amz-Server-Side-Encryption-Bucket-Key-Enabled",
}

// refusedHeaders are of objects that a write would not leave as they should be.
var refusedHeaders = map[string]string{
	"X-Amz-Object-Lock-Mode":                          "it is under a retention rule, which keeps its old content; leave it out, or rewrite it when the rule has ended",
	"X-Amz-Server-Side-Encryption-Customer-Algorithm": "the store encrypts it with a key that only its customer has (SSE-C); leave it out",
	"X-Amz-Missing-Meta":                              "it has metadata that S3 does not tell, which would be lost; leave it out",
}

// rewritable refuses an object that is not to be written.
func (h *handle) rewritable() error {
	for name, why := range refusedHeaders {
		if v := h.header.Get(name); v != "" && v != "0" {
			return fmt.Errorf("%s: %s: %w", h.of.on("write", h.object.Name), why, source.ErrRefused)
		}
	}
	if h.header.Get("X-Amz-Object-Lock-Legal-Hold") == "ON" {
		return fmt.Errorf("%s: it is under a legal hold, which keeps its old content; leave it out: %w", h.of.on("write", h.object.Name), source.ErrRefused)
	}
	return nil
}

// kept is what of an object survives its being rewritten. It goes in as what minio calls encryption: the only place that
// takes every header as it is.
type kept http.Header

// Type implements encrypt.ServerSide.
func (kept) Type() encrypt.Type { return encrypt.S3 }

// Marshal implements encrypt.ServerSide.
func (k kept) Marshal(to http.Header) {
	for name, values := range k {
		to[name] = values
	}
}

// keep is the options of a write that keeps what the object has.
func (h *handle) keep(ctx context.Context) (minio.PutObjectOptions, error) {
	k := kept{}
	for name, values := range h.header {
		if strings.HasPrefix(name, metaPrefix) {
			k[name] = values
		}
	}
	for _, name := range keptHeaders {
		if values := h.header.Values(name); len(values) > 0 {
			k[name] = values
		}
	}
	o := minio.PutObjectOptions{ServerSideEncryption: k, DisableMultipart: true}
	if n := h.header.Get("X-Amz-Tagging-Count"); n == "" || n == "0" {
		return o, nil
	}
	tags, err := h.of.Tags(ctx, h.object.Name)
	o.UserTags = tags
	return o, err
}
