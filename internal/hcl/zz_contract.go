package hcl

import (
	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
)

type module struct{}

func Load(in Inputs) (*Config, hclv2.Diagnostics)                                { panic("") }
func (c *Config) Body(a addr.Address, objects Objects) (Body, hclv2.Diagnostics) { panic("") }
func (c *Config) OutputValue(name string, objects Objects) (cty.Value, hclv2.Diagnostics) {
	panic("")
}
func (c *Config) DependsOn(a addr.Address) []addr.Address            { panic("") }
func (c *Config) Block(a addr.Address) *Block                        { panic("") }
func Format(src []byte, filename string) ([]byte, hclv2.Diagnostics) { panic("") }
