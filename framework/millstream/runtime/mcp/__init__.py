"""Connections with MCP servers, the waiting half of `toolbox.mcp`. With `mcp_server` the home of the package mcp."""
