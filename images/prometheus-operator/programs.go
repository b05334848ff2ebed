//go:build tools

// Package main names the programs of this module, so that `go mod tidy` keeps what they need.
// ../build.py compiles them.
package main

import (
	_ "github.com/prometheus-operator/prometheus-operator/cmd/operator"
	_ "github.com/prometheus-operator/prometheus-operator/cmd/prometheus-config-reloader"
)
