"""/api/docs: the OpenAPI document as a page, for people, and for browsers without scripts."""

import html
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis

from bookshelf.contract import build
from tests.apidocs.test_openapi import all_codes, operations
from tests.support.private_redis import PrivateRedis
from tests.support.small_app import worker
from tests.support.still_clock import Clock

URL = "http://localhost"


@pytest.fixture
def alone(redis: Redis, redis_server: PrivateRedis, tmp_path: Path) -> Iterator[Flask]:
    """The extension without bookshelf around it."""
    with worker(redis_server.url, f"sqlite:///{tmp_path}/db", Clock(), PRODUCT_NAME="<i>A & B</i>") as app:
        yield app


@pytest.fixture(scope="module")
def app() -> Flask:
    return build()


@pytest.fixture(scope="module")
def text(app: Flask) -> str:
    return app.test_client().get("/api/docs").text


def test_every_problems_type_leads_to_its_explanation(text: str) -> None:
    for code in all_codes():
        assert text.count(f'id="{code}"') == 1, code


def test_every_operation_has_an_anchor_and_every_link_leads_somewhere(app: Flask, text: str) -> None:
    document = app.test_client().get("/api/openapi.json").json
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert {operation["operationId"] for _, operation in operations(document)} <= set(ids)
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(ids)


def test_the_examples_are_what_the_document_takes(app: Flask, text: str) -> None:
    document = app.test_client().get("/api/openapi.json").json
    templates = dict(operations(document))
    examples = [
        html.unescape(each)
        for each in re.findall(r"<h4>Example</h4>\s*<pre[^>]*><code>(.*?)</code>", text, re.DOTALL)
    ]
    assert len(examples) == len(templates)
    for example in examples:
        words = shlex.split(example.replace("\\\n", " "))
        method = words[words.index("-X") + 1] if "-X" in words else "GET"
        path = next(word for word in words if word.startswith(URL)).removeprefix(URL)
        name = f"{method} " + re.sub(r"\$(\w+)", lambda variable: "{" + variable[1].lower() + "}", path)
        operation = templates.pop(name)
        assert ("Authorization: Bearer $TOKEN" in words) == bool(operation["security"]), name
        assert ("-d" in words) == ("requestBody" in operation), name
        if "-d" in words:
            ref = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            schema = document["components"]["schemas"][ref.rpartition("/")[2]]
            assert set(json.loads(words[words.index("-d") + 1])) == set(schema["required"]), name
    assert templates == {}


def test_the_page_needs_nothing_but_its_stylesheet(alone: Flask) -> None:
    client = alone.test_client()
    answer = client.get("/api/docs")
    assert answer.mimetype == "text/html"
    assert not re.search(r"<script|<style| style=| on\w+=|src=", answer.text)
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    assert 'href="docs.css"' in answer.text
    assert client.get("/api/docs.css").mimetype == "text/css"


def test_what_is_put_into_the_page_is_escaped(alone: Flask) -> None:
    text = alone.test_client().get("/api/docs").text
    assert "<i>" not in text
    assert "<title>&lt;i&gt;A &amp; B&lt;/i&gt; API</title>" in text
    assert "Bearer &lt;token&gt;" in text
