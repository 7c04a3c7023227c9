package apply_test

import "testing"

// Every step counts once, however it ends: who watches sees the last of them reached, after a failure too.
func TestEveryStepIsCounted(t *testing.T) {
	for name, broken := range map[string]string{"all done": "", "one failed": "key.a"} {
		t.Run(name, func(t *testing.T) {
			s := newStack(t, twoKeys)
			s.service.fault = func(operation, address string) fault {
				if operation == "Create" && address == broken {
					return refuse
				}
				return none
			}
			var reached []int
			total := 0
			s.input.Hooks.Reached = func(done, of int) { reached, total = append(reached, done), of }
			if _, err := s.apply(t); (err != nil) != (broken != "") {
				t.Fatal(err)
			}
			if total < 3 || len(reached) != total || reached[total-1] != total {
				t.Errorf("reached %v of %d", reached, total)
			}
			for i, n := range reached {
				if n != i+1 {
					t.Errorf("reached %v", reached)
				}
			}
		})
	}
}
