package kms

// Form shows how a parameter is written on the command line, or says what it takes.
func (p Param) Form() string {
	switch p.Type {
	case TypeBool:
		return "true or false"
	case TypeInt:
		return "whole number"
	case TypeBytes:
		return "base64"
	case TypeMap:
		return `JSON: {"NAME": "VALUE"}`
	case TypeTags:
		return `JSON: {"NAME": "VALUE"} or [{"Key": "NAME", "Value": "VALUE"}]`
	case TypeList:
		return `JSON: ["VALUE", "VALUE"]`
	case TypeObject:
		return `JSON: {"FIELD": "VALUE"}`
	}
	return "string"
}
