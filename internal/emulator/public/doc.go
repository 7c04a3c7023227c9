// Package public is the shared gateway, kms.<region>.aliyuncs.com, and, on an
// instance's host, the dedicated gateway: signatures, parameters, answers and
// errors of Alibaba Cloud's RPC-style OpenAPI. What an operation does stands in
// package engine.
//
// It may import engine, fault, throttle, calllog and the wire codecs. Start
// reading at handler.go, then authenticate.go and decode.go.
package public
