package crowd

import (
	"encoding/json"
	"testing"
)

// Run checks a store; fresh is where a new, empty one lies.
func Run(t *testing.T, open Open, fresh func(t *testing.T) (place string)) {
	t.Run("writers at once", func(t *testing.T) { writers(t, open, fresh(t), func(int) {}) })
	t.Run("runners that are killed", func(t *testing.T) { killing(t, open, fresh(t)) })
}

// Place is where a store lies, from the options that open it. They reach the processes in their environment.
func Place(t *testing.T, options any) string {
	t.Helper()
	text, err := json.Marshal(options)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
