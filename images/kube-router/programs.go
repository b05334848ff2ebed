//go:build tools

// Package main names the program of this module, so that `go mod tidy` keeps what it needs.
// ../build.py compiles it.
package main

import _ "github.com/cloudnativelabs/kube-router/v2/cmd/kube-router"
