// Package planfile saves a plan between `plan -out` and `apply`, binds it to what it was made from, and
// holds it against a plan made now. A saved plan is believed in nothing: apply makes its own plan, and
// carries out what both have.
//
// It imports plan, the language (hcl, addr) and the state model; it reads no file and calls nothing. Start
// reading at File; then Holds, which asks whether the plan may be compared at all, and Compare.
package planfile
