"""Somebody with an account and a browser that has a key."""

import pytest
from flask import Flask

from tests.support.bound_browser import Browser
from tests.support.examples import PERSON
from tests.support.still_clock import Clock


@pytest.fixture
def browser(app: Flask, clock: Clock) -> Browser:
    app.test_client().post("/api/register", json=PERSON)
    return Browser(app, clock)
