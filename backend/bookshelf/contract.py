"""The API as a document, for the front end's types: `python -m bookshelf.contract FILE` writes it."""

import json
import sys
from pathlib import Path
from typing import Any

from flask import Flask
from pydantic import SecretStr

from bookshelf.app import create_app
from bookshelf.settings import Settings


def contract() -> str:
    """The OpenAPI document of the whole app, the same on every machine. Nothing is connected to."""
    document = build().test_client().get("/api/openapi.json", base_url="http://localhost").json
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def build(**given: Any) -> Flask:
    """The app with these settings and else the defaults, whatever the environment says."""
    settings = Settings.model_construct(
        **{
            name: field.get_default(call_default_factory=True)
            for name, field in Settings.model_fields.items()
        }
        | {
            "secret_key": SecretStr("x" * 32),
            "redis_url": "redis://localhost",
            "database_url": "sqlite:///nowhere.db",
            "public_url": "http://localhost",
        }
        | given
    )
    return create_app(settings, background=False)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(contract(), encoding="utf-8")
