"""The web server that lessons fetch from, on this computer only. It alone needs aiohttp.

It is imported when a lesson asks for it. From outside, import `demo_api`.
"""

from .server import demo_api

__all__ = ["demo_api"]
