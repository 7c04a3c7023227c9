// Package addr names the objects of a stack: key.orders, alias.app["eu"],
// data.encrypt.app_config. An Address is comparable and used as a map key;
// its String form is what users type, what state stores and what messages print.
//
// It imports nothing of ours. Start reading at Address.
package addr
