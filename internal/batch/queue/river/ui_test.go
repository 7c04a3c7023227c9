package river_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func ask(t *testing.T, method, url string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// River's pages are served below a path, show the jobs of a batch, and change nothing unless they may.
func TestRiversPagesShowTheJobs(t *testing.T) {
	conn := server(t, "KMSPLAN_TEST_PGBOUNCER")
	q, _ := migrated(t, conn)
	begun(t, q, 3)
	for _, changes := range []bool{false, true} {
		h, err := q.UI(t.Context(), "/river", changes)
		if err != nil {
			t.Fatal(err)
		}
		s := httptest.NewServer(h)
		defer s.Close()
		status, page := ask(t, http.MethodGet, s.URL+"/river/")
		script := regexp.MustCompile(`/river/assets/[^"]+\.js`).FindString(page)
		if status != http.StatusOK || script == "" {
			t.Fatalf("the page is %d: %.300s", status, page)
		}
		if status, _ := ask(t, http.MethodGet, s.URL+script); status != http.StatusOK {
			t.Errorf("its script is %d", status)
		}
		if status, jobs := ask(t, http.MethodGet, s.URL+"/river/api/jobs?state=available"); status != http.StatusOK || strings.Count(jobs, `"kmsplan_chunk"`) != 3 {
			t.Errorf("the jobs are %d: %.500s", status, jobs)
		}
		status, body := ask(t, http.MethodPost, s.URL+"/river/api/jobs/cancel")
		if refused := status == http.StatusForbidden; refused == changes {
			t.Errorf("with changes = %v a change is answered %d: %s", changes, status, body)
		}
	}
}
