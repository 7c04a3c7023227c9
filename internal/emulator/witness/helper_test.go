package witness

import (
	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	"github.com/alibabacloud-go/tea/tea"
)

// helperAgent marks the calls that stand in for a client that is too old.
const helperAgent = "kmsplan-witness-helper"

// newHelper stands in for the client under test; its calls are no evidence.
func newHelper(w *world) client {
	return newV3(w.T, w.ready, func(c *openapi.Config) { c.UserAgent = tea.String(helperAgent) })
}
