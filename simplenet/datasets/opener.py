"""Open a URL for a download: https stays https, and a redirect is not read to its end."""

import socket
from collections.abc import Callable, Mapping
from http.client import HTTPMessage
from typing import IO, Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import (
    AbstractHTTPHandler,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    Request,
    build_opener,
)


def make_opener(
    connect: Callable[..., socket.socket], headers: Mapping[str, str]
) -> OpenerDirector:
    """Return an opener that sends these headers, and connects as socket.create_connection does."""
    opener = build_opener(_Plain(connect), _Secure(connect), _Redirects())
    opener.addheaders = list(headers.items())
    return opener


class _Connects(AbstractHTTPHandler):
    """A handler that is told how to connect."""

    def __init__(self, connect: Callable[..., socket.socket]) -> None:
        super().__init__()
        self._connect = connect

    def do_open(self, http_class: Any, req: Request, **kwargs: Any) -> Any:
        """Open a request with a connection that connects so."""

        def make(*args: Any, **others: Any) -> Any:
            connection = http_class(*args, **others)
            connection._create_connection = self._connect
            return connection

        return super().do_open(make, req, **kwargs)


class _Plain(_Connects, HTTPHandler):
    """Opens http."""


class _Secure(_Connects, HTTPSHandler):
    """Opens https."""


class _Redirects(HTTPRedirectHandler):
    """Goes where a server sends it, but never from https to anything else."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """Return the request for the new address. Raise URLError unless it may be followed."""
        old, new = urlsplit(req.full_url).scheme, urlsplit(newurl).scheme
        if new != "https" and (new != "http" or old == "https"):
            expected = "https" if old == "https" else "http or https"
            raise URLError(f"redirected to {newurl}, where {expected} was expected")
        return super().redirect_request(req, fp, code, msg, headers, newurl)

    def http_error_302(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage
    ) -> Any:
        """Follow a redirect."""
        fp.close()  # the content of this answer is not wanted, and may have no end
        try:
            return super().http_error_302(req, fp, code, msg, headers)
        except ValueError as error:
            where = headers.get("location") or headers.get("uri")
            raise URLError(f"redirected to {where}, which is no address ({error})") from error

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302
