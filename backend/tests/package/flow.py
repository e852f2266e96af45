"""Register → log in → guarded view → refresh → log out, on an installed package: `flow.py REDIS_URL FOLDER`.

Runs in an environment that has the package and what it needs, and nothing of this repository."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask

import flask_tokenkeep
from flask_tokenkeep import TokenKeep, current_user, migrate, testing, token_required

redis_url, folder = sys.argv[1], Path(sys.argv[2])
assert "site-packages" in flask_tokenkeep.__file__, flask_tokenkeep.__file__

app = Flask(__name__)
app.config.from_mapping(
    testing.CONFIG,
    SECRET_KEY="x" * 32,
    REDIS_URL=redis_url,
    DATABASE_URL=f"sqlite:///{folder}/app.db",
    PUBLIC_URL="http://localhost",
    MAIL_DIR=folder / "mail",
)
migrate(app)
auth = TokenKeep(app)


@app.get("/secret")
@token_required
def secret() -> dict[str, str]:
    return {"hello": current_user.username}


client = app.test_client()
person = {"username": "Ada", "password": "a quiet place among shelves", "email": "ada@library.example"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


assert client.post("/api/register", json=person).status_code == 201
login = client.post("/api/login", json={name: person[name] for name in ("username", "password")})
assert login.status_code == 200, login.json
first = login.json["token"]
assert client.get("/secret").status_code == 401
assert client.get("/secret", headers=bearer(first)).json == {"hello": "Ada"}
refreshed = client.post("/api/refresh", headers=bearer(first))
assert refreshed.status_code == 200, refreshed.json
second = refreshed.json["token"]
assert client.get("/secret", headers=bearer(second)).json == {"hello": "Ada"}
assert client.post("/api/logout", headers=bearer(second)).status_code == 204
assert client.get("/secret", headers=bearer(second)).json["code"] == "invalid_token"

# What lies beside the code came along: letters, docs page, OpenAPI.
parts = app.extensions["tokenkeep"]
assert parts.courier.deliver_next(datetime.now(UTC)) is True
assert b"#code=" in next((folder / "mail").glob("*.eml")).read_bytes()
assert b"/api/login" in client.get("/api/docs").data
assert client.get("/api/openapi.json").json["info"]["version"] == flask_tokenkeep.__version__
sys.stdout.write("all of it works\n")
