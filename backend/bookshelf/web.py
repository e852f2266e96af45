"""What every answer gets and every request passes: security headers, host names, proxies, other origins."""

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, request
from flask_cors import CORS
from secure import Secure
from secure.headers import (
    ContentSecurityPolicy,
    CrossOriginOpenerPolicy,
    CrossOriginResourcePolicy,
    PermissionsPolicy,
    ReferrerPolicy,
    Server,
    StrictTransportSecurity,
    XContentTypeOptions,
)
from werkzeug.middleware.proxy_fix import ProxyFix

from bookshelf.environ import REFUSED
from bookshelf.settings import Settings
from flask_tokenkeep import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

LOOPBACK = ("localhost", "127.0.0.1", "::1")
PROBES = ("/healthz", "/readyz")  # asked by address, by whoever keeps us running
HSTS_SECONDS = 63_072_000  # two years, as hstspreload.org asks
PREFLIGHT_SECONDS = 600
CONTENT_SECURITY_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
}
UNUSED_FEATURES = ("camera", "geolocation", "microphone", "payment", "usb")


class HostNotAllowed(Problem):
    status, code, title = 400, "host_not_allowed", "This host name is not served here"
    default_detail = "Use the address of PUBLIC_URL, or add this name to ALLOWED_HOSTS."


def protect(app: Flask, settings: Settings) -> None:
    """Called last, so that the headers are also on what stands in front of Flask, such as static files."""
    names = _host_names(settings)

    @app.before_request
    def _check() -> None:
        if problem := request.environ.get(REFUSED):
            raise problem
        # Flask's TRUSTED_HOSTS can't name [::1]: Werkzeug cuts an entry at its first colon.
        name = (urlsplit(f"//{request.host}").hostname or "").removesuffix(".")
        if name not in names and request.path not in PROBES:
            raise HostNotAllowed

    if settings.cors_origins:
        _allow_origins(app, settings.cors_origins)
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=0, x_proto=count)  # type: ignore[method-assign]
        app.wsgi_app = ClientAddress(app.wsgi_app, count)  # type: ignore[method-assign]
    app.wsgi_app = SecurityHeaders(app.wsgi_app, settings.public_url)  # type: ignore[method-assign]


def _host_names(settings: Settings) -> frozenset[str]:
    names = {urlsplit(settings.public_url).hostname or ""}
    names.update(urlsplit(f"//{name}").hostname or "" for name in settings.allowed_hosts)
    if settings.env == "development":
        names.update(LOOPBACK)
    return frozenset(names - {""})


def _allow_origins(app: Flask, origins: tuple[str, ...]) -> None:
    CORS(
        app,
        resources={r"/api/.*": {"origins": list(origins)}},
        supports_credentials=False,  # there are no cookies
        allow_headers=["Authorization", "Content-Type", "DPoP"],
        expose_headers=["Retry-After", "ETag", "X-Catalogue", "WWW-Authenticate"],
        max_age=PREFLIGHT_SECONDS,
    )


class ClientAddress:
    """REMOTE_ADDR as the outermost of our proxies saw it: so many entries from the right of X-Forwarded-For,
    since all to the left of that one is what the client made up.

    ProxyFix reads quotes and takes what it finds: a client that begins its header with one quote would pass
    for the proxy, in the limits and in the ledger, and "unknown" or a port would count as an address. Here
    an entry counts if it is an address; otherwise all such clients share the proxy's."""

    def __init__(self, app: "WSGIApplication", proxies: int) -> None:
        self._app = app
        self._proxies = proxies

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> "Iterable[bytes]":
        entries = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if len(entries) >= self._proxies and (address := _address(entries[-self._proxies])):
            environ["REMOTE_ADDR"] = address
        return self._app(environ, start_response)


def _address(entry: str) -> str | None:
    """The address in an entry that a proxy wrote, perhaps with a port or in brackets; None if it is none."""
    entry = entry.strip()
    if entry.startswith("[") or entry.count(":") == 1:
        entry = urlsplit(f"//{entry}").hostname or ""
    try:
        address = ip_address(entry.partition("%")[0])
    except ValueError:
        return None
    return str(getattr(address, "ipv4_mapped", None) or address)


class SecurityHeaders:
    """Where a view has set one of them itself, as the API's docs do with their policy, the view's is kept.
    (The middleware of `secure` would send two policies, and a browser then obeys both.)"""

    def __init__(self, app: "WSGIApplication", public_url: str) -> None:
        self._app = app
        self._headers = list(_secure(public_url).headers.items())

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> "Iterable[bytes]":
        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            present = {name.lower() for name, _ in headers}
            added = [header for header in self._headers if header[0].lower() not in present]
            return start_response(status, [*headers, *added], exc_info)

        return self._app(environ, start)


def _secure(public_url: str) -> Secure:
    policy = ContentSecurityPolicy()
    for directive, value in CONTENT_SECURITY_POLICY.items():
        policy.custom_directive(directive, *value.split())
    permissions = PermissionsPolicy()
    for feature in UNUSED_FEATURES:
        permissions.add_directive(feature)
    # Over plain HTTP browsers ignore it; for localhost it would break every other project of a developer.
    https = public_url.startswith("https://")
    hsts = StrictTransportSecurity().max_age(HSTS_SECONDS) if https else None
    return Secure(
        csp=policy,
        coop=CrossOriginOpenerPolicy().same_origin(),
        corp=CrossOriginResourcePolicy().same_origin(),
        hsts=hsts,
        permissions=permissions,
        referrer=ReferrerPolicy().no_referrer(),
        server=Server(),  # empty, instead of the server's name
        xcto=XContentTypeOptions().nosniff(),
    )
