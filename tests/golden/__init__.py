"""The MCP servers of this workspace as typed Python; README.md lists them."""

from ._client import ToolError as ToolError
from ._client import gather as gather
