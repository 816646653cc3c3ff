"""The MCP servers of this workspace as typed Python; README.md lists them."""

from ._client import ToolError as ToolError
from ._client import ToolRejected as ToolRejected
from ._client import gather as gather
from ._client import step as step
