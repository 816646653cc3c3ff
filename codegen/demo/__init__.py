"""A small shop behind a real MCP server: `python -m codegen.demo` speaks MCP over stdin and stdout."""
