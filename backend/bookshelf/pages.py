"""The built front end, from the same origin: files by WhiteNoise, every other path is the app's."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from wsgiref.headers import Headers

from flask import Blueprint, Flask, Response, send_file
from werkzeug.routing import PathConverter
from whitenoise import WhiteNoise  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

ASSETS = "/assets/"  # Vite puts a hash of the content into these names
UNBUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Bookshelf</title>
<h1>The page is not built yet</h1>
<p>Run <code>make start</code>, which builds it, or <code>make dev</code> and open
<a href="http://localhost:3003">localhost:3003</a>. The API is already here.</p></html>"""


# The addresses of pages, as frontend/src/routes.tsx has them. Any other is 404, with the page that says so:
# password managers and crawlers believe a 200.
PAGES = re.compile(
    r"|login|register|books|books/[1-9]\d*|account|forgot-password|reset-password|verify-email"
)


class PagePath(PathConverter):
    """Any path but the API's, where the answer is a JSON 404, and a missing file's."""

    regex = r"(?!(?:api|assets)(?:/|$)).*?"


def serve_pages(app: Flask, dist: Path) -> None:
    app.url_map.converters["page"] = PagePath
    app.register_blueprint(_pages(dist))
    if dist.is_dir():
        beside = app.wsgi_app
        files = WhiteNoise(
            beside,
            root=dist,
            allow_all_origins=False,
            immutable_file_test=lambda _path, url: url.startswith(ASSETS),
            max_age=3600,  # icons and such, whose names stay
            add_headers_function=_never_keep_pages,
            autorefresh=True,  # looks at the folder as it is: the front end may be built anew under us
        )

        def files_first(environ: "WSGIEnvironment", start_response: "StartResponse") -> "Iterable[bytes]":
            # To look for a file costs an authenticated request a tenth of its time.
            is_page = not environ["PATH_INFO"].startswith("/api/")
            answer: Iterable[bytes] = (files if is_page else beside)(environ, start_response)
            return answer

        app.wsgi_app = files_first  # type: ignore[method-assign]


def _never_keep_pages(headers: Headers, _path: str, url: str) -> None:
    # An old page would ask for assets that the next build has removed.
    if url.endswith(".html"):
        headers["Cache-Control"] = "no-cache"


def _pages(dist: Path) -> Blueprint:
    pages = Blueprint("pages", __name__)
    show: Callable[[str], Response] = _page(dist / "index.html")
    pages.add_url_rule("/", "index", show, defaults={"path": ""})
    pages.add_url_rule("/<page:path>", "page", show)

    return pages


def _page(index: Path) -> Callable[[str], Response]:
    def page(path: str) -> Response:
        if index.exists():
            response = send_file(index, etag=True, max_age=0)
            if not PAGES.fullmatch(path):
                response.status_code = 404
        else:
            response = Response(UNBUILT, status=503, mimetype="text/html")
        response.headers["Cache-Control"] = "no-cache"
        return response

    return page
