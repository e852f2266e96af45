"""A front end as the build would leave it, in small."""

INDEX = b'<!doctype html><script type="module" src="/assets/index-a1b2.js"></script>'
SCRIPT = b"export const books = [];\n" * 200
BROTLI = b"what the build wrote"
