"""The catalogue as a worker shows it."""

from redis import Redis

from bookshelf.booklist import Booklist
from bookshelf.catalogue import Catalogue
from tests.support.book_source import WARTY, reply

TTL_SECONDS = 3600
OTHER = b'[{"id":1,"title":"Another","isbn":"1","pageCount":2,"authors":[]}]'
BROKEN = reply(status="500 Internal Server Error")


def label(catalogue: Catalogue) -> str:
    return catalogue.snapshot().label


def body(catalogue: Catalogue) -> bytes:
    return catalogue.snapshot().books.document.body


def the_key(redis: Redis) -> bytes:
    (key,) = redis.keys("bookshelf:catalogue:" + 16 * "?")  # and not its lock
    assert isinstance(key, bytes)
    return key


NORMAL = Booklist.parse(WARTY).document.body
