// Package junit is JUnit's XML as CI servers read it. It imports nothing of ours. Start reading at Report.
package junit
