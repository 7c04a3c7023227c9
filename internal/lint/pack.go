package lint

// Pack is a selection of rules that stand for those of a standard's check.
type Pack struct {
	Name  string // mlps3
	Title string
	Doc   string
	Rules []Stands
}

// Stands is one rule of a pack, and what others call it.
type Stands struct {
	ID          string
	CloudConfig string // the rule id of Alibaba Cloud's Cloud Config; "" = it has none
	InfraGuard  string // the same rule in InfraGuard, Alibaba's check of templates; "" = it has none
}
