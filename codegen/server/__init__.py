"""The MCP face: search, describe, run and save_skill for any MCP client."""
