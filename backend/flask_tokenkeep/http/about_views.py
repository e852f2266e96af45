"""What anybody may know of this server: configuration, OpenAPI, docs, where passwords are changed."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

from flask import Blueprint, Response, current_app, json, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from flask_tokenkeep.apidocs import page
from flask_tokenkeep.apidocs.described import Operation, Surroundings, described
from flask_tokenkeep.apidocs.openapi import document
from flask_tokenkeep.http.answers import Json, shown
from flask_tokenkeep.http.guard import current_parts
from flask_tokenkeep.http.schemas import ConfigOut
from flask_tokenkeep.tools import product_name
from flask_tokenkeep.version import __version__

about_views = Blueprint("tokenkeep_about", __name__)
SURROUNDINGS, MADE = "tokenkeep.surroundings", "tokenkeep.made"  # names in app.extensions
ETAG = {"ETag": (str, "Of exactly these bytes")}


@about_views.get("/api/config")
@described(summary="What a page must know before anyone is logged in", answers={200: ConfigOut}, tag="about")
def config() -> Json:
    settings = current_parts().tools.settings
    length = settings.auth_password_min_length
    return shown(ConfigOut(public_url=settings.public_url, password_min_length=length))


@about_views.get("/api/openapi.json")
@described(summary="This document", answers={200: dict[str, Any], 304: None}, headers=ETAG, tag="about")
def openapi() -> Response:
    """OpenAPI 3.1, generated from the code that answers."""
    return _made_once(lambda: json.dumps(_document(), separators=(",", ":")), "application/json")


@about_views.get("/api/docs")
def show_docs() -> Response:
    url = current_parts().tools.settings.public_url
    response = _made_once(lambda: page.html(_document(), url=url), "text/html")
    response.headers["Content-Security-Policy"] = page.CONTENT_SECURITY_POLICY
    return response


@about_views.get("/api/docs.css")
def style_docs() -> Response:
    return _made_once(page.stylesheet, "text/css")


def _document() -> Json:
    operations = [
        Operation(method, rule.rule, current_app.view_functions[rule.endpoint])
        for rule in current_app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]
    surroundings = current_app.extensions.get(SURROUNDINGS, Surroundings())
    title = product_name(current_parts().tools.settings)
    return document(operations, title=title, version=__version__, surroundings=surroundings)


def _made_once(make: Callable[[], str], mimetype: str) -> Response:
    """What stays the same while the app runs, made for the first who asks: to make it takes 20 to 150 ms.

    `no-cache`, so that a copy is used only after a question, and none is shown after the next deployment."""
    made = current_app.extensions.setdefault(MADE, {})
    body = made.get(request.endpoint) or made.setdefault(request.endpoint, make().encode())
    response = Response(body, mimetype=mimetype)
    response.set_etag(sha256(body).hexdigest())
    response.headers["Cache-Control"] = "no-cache"
    response.make_conditional(request)
    return response


@about_views.get("/.well-known/change-password")
@described(
    summary="Where password managers send people",
    answers={302: None},
    headers={"Location": (str, "The page on which a password is changed")},
    tag="password",
)
def change_password_page() -> BaseResponse:
    """https://w3c.github.io/webappsec-change-password-url/"""
    return redirect("/account#password")
