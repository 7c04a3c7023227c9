package hcl

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"kmsplan.dev/kmsplan/internal/pattern"
)

// maxYAML bounds how many nodes a document has once its aliases are followed.
const maxYAML = 1 << 18

// hugeExponent finds numbers that would be written out digit by digit.
var hugeExponent = pattern.New(`[0-9._][eE][-+]?0*[1-9][0-9]{5,}`)

// yamlNesting refuses documents that cty's decoder would not come to an end with: nested too deep, grown by
// aliases of aliases, or with keys that are enormous numbers.
func yamlNesting(text string) error {
	if strings.Count(text, "[")+strings.Count(text, "{") > maxDepth {
		if err := jsonNesting(text); err != nil {
			return err
		}
	}
	for line := range strings.Lines(text) {
		indent := len(line) - len(strings.TrimLeft(line, " -?:\t"))
		if indent > 4*maxDepth {
			return fmt.Errorf("the document is indented by more than %d characters", 4*maxDepth)
		}
	}
	if !strings.Contains(text, "*") && !hugeExponent.MatchString(text) {
		return nil
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return errors.New("it cannot be read as YAML")
	}
	c := yamlCount{seen: map[*yaml.Node]int{}}
	if c.nodes(&doc) > maxYAML {
		return tooLarge{fmt.Sprintf("its aliases make more than %d values of it", maxYAML)}
	}
	return c.problem
}

// yamlCount counts the nodes of a document with aliases followed, each anchor once.
type yamlCount struct {
	seen    map[*yaml.Node]int
	problem error
}

func (c *yamlCount) nodes(n *yaml.Node) int {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if total, ok := c.seen[n]; ok {
		return total
	}
	c.seen[n] = maxYAML + 1 // what holds itself never ends
	total := 1
	for i, inner := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 && hugeExponent.MatchString(keyText(inner)) {
			c.problem = errNumber
		}
		total = min(total+c.nodes(inner), maxYAML+1)
	}
	c.seen[n] = total
	return total
}

func keyText(n *yaml.Node) string {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n.Value
}
