"""The catalogue over HTTP: ready-made bytes from memory, for people who are logged in."""

from flask import Blueprint, Response, request

from bookshelf.booklist import Book, Document
from bookshelf.catalogue import Catalogue, Label
from flask_tokenkeep import described, token_required
from flask_tokenkeep.errors import NotFound

HEADERS = {
    "ETag": (str, "Of exactly these bytes"),
    "X-Catalogue": (Label, "`live`: lately fetched; `cached`: upstream is away; `sample`: it never answered"),
}


def books_blueprint(catalogue: Catalogue) -> Blueprint:
    books = Blueprint("books", __name__, url_prefix="/api/books")

    @books.get("")
    @described(
        summary="All books of the catalogue",
        answers={200: list[Book], 304: None},
        headers=HEADERS,
        tag="books",
    )
    @token_required
    def list_books() -> Response:
        shown = catalogue.snapshot()
        return _answer(shown.books.document, shown.label)

    # A string, not <int:…>, which would take "03" and "٣" too: one book has one address.
    @books.get("/<book_id>")
    @described(
        summary="One book",
        answers={200: Book, 304: None},
        problems=(NotFound,),
        headers=HEADERS,
        tag="books",
    )
    @token_required
    def show_book(book_id: str) -> Response:
        shown = catalogue.snapshot()
        book = shown.books.by_id.get(book_id)
        if book is None:
            raise NotFound("There is no book with this id.")
        return _answer(book, shown.label)

    return books


def _answer(document: Document, label: Label) -> Response:
    """`no-cache`, so that a browser asks us, with its token, before it shows its copy after a log-out."""
    gzipped = document.gzipped is not None and request.accept_encodings.quality("gzip") > 0
    body, etag = (document.gzipped, document.gzipped_etag) if gzipped else (document.body, document.etag)
    unchanged = request.if_none_match.contains_weak(etag.strip('"'))
    response = Response(
        b"" if unchanged else body, status=304 if unchanged else 200, mimetype="application/json"
    )
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Authorization, Accept-Encoding" if document.gzipped else "Authorization"
    response.headers["X-Catalogue"] = label
    if gzipped:
        response.headers["Content-Encoding"] = "gzip"
    return response
