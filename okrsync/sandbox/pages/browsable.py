"""Serves pages to browsers, beside the API of a site."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from okrsync.sandbox.control import CONTROL
from okrsync.sandbox.pages.page import HEADERS, Page, to_html
from okrsync.sandbox.site import SandboxSite

_OURSELVES = {"127.0.0.1", "localhost"}
_LONGEST_FORM = 64 * 1024


class Browsable(SandboxSite):
    """A site that shows pages to whoever asks for HTML, which no API client does; nobody has to log in for them."""

    title: str

    @abstractmethod
    def page(self, path: str) -> Page | None:
        """The page at this path; None where there is none. Called while the lock is held."""

    @abstractmethod
    def change(self, path: str, form: Mapping[str, str]) -> None:
        """Change what the page at this path shows, as somebody filled in its form.

        Raises:
            ValueError: it cannot be changed so.
        """

    async def asgi(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pages for browsers; the site's own answers for all others."""
        if scope["type"] == "http" and scope["method"] in {"GET", "POST"} and not scope["path"].startswith(CONTROL):
            request = Request(scope, receive)
            if "text/html" in request.headers.get("accept", ""):
                response = await self._show(request)
                await response(scope, receive, send)
                return
        await super().asgi(scope, receive, send)

    async def _show(self, request: Request) -> Response:
        path, problem = request.url.path, ""
        if request.method == "POST":
            if not _from_here(request):
                return self._answer_page(Page("Only pages of this sandbox may change it"), 403)
            body = await request.body()
            if len(body) > _LONGEST_FORM:
                return self._answer_page(Page("That is more than a form here can hold"), 413)
            form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
            with self.lock:
                try:
                    self.change(path, form)
                except (ValueError, LookupError) as error:
                    problem = str(error)
                else:
                    self.save_if_wanted()
                    return RedirectResponse(path, 303, headers=HEADERS)
        with self.lock:
            page = self.page(path)
        if page is None:
            return self._answer_page(Page("There is nothing here"), 404)
        return self._answer_page(page, 400 if problem else 200, problem)

    def _answer_page(self, page: Page, status: int, problem: str = "") -> Response:
        return HTMLResponse(to_html(page, self.title, problem), status, headers=HEADERS)


def _from_here(request: Request) -> bool:
    """Whether the form came from one of our own pages, not from a page elsewhere that the browser has open."""
    host, origin = request.headers.get("host", ""), request.headers.get("origin")
    return host.rpartition(":")[0] in _OURSELVES and (origin is None or urlsplit(origin).netloc == host)


def number(text: str, name: str) -> float | None:
    """What somebody entered in a number field; None for nothing.

    Raises:
        ValueError: it is no number.
    """
    if not text.strip():
        return None
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{name} is a number field; {text!r} is no number") from None


def written(value: object) -> str:
    """A field's value as people write it."""
    return "" if value is None else f"{value:.10g}" if isinstance(value, int | float) else str(value)


def moment(when: datetime) -> str:
    """A time as people write it, in UTC."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
