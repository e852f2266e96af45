"""The API as documents, for the front end's types: `python -m bookshelf.contract ../frontend` writes them."""

import json
import sys
from pathlib import Path
from typing import Any

from flask import Flask
from pydantic import SecretStr

from bookshelf.app import create_app
from bookshelf.settings import Settings
from flask_tokenkeep import TokenKeep


def contract(app: Flask) -> str:
    """The OpenAPI document of what this app serves, the same on every machine. Connects to nothing."""
    document = app.test_client().get("/api/openapi.json", base_url="http://localhost").json
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def contracts() -> dict[str, str]:
    """By their places below `frontend/`: of the whole app, and of the extension alone."""
    bare = Flask("bare")
    bare.config.from_mapping(
        SECRET_KEY="x" * 32,
        REDIS_URL="redis://localhost",
        DATABASE_URL="sqlite:///nowhere.db",
        PUBLIC_URL="http://localhost",
        PRODUCT_NAME="Token",
    )
    TokenKeep(bare)
    return {"src/openapi.json": contract(build()), "tokenkeep/openapi.json": contract(bare)}


def build(**given: Any) -> Flask:
    """The app with these settings and else the defaults, whatever the environment says."""
    settings = Settings.model_construct(
        **{
            name: field.get_default(call_default_factory=True, validated_data={})
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
    for place, text in contracts().items():
        Path(sys.argv[1], place).write_text(text, encoding="utf-8")
