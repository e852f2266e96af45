"""What many people choose for a password: words, rows of keys, phrases. They stand in common.txt."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Self

SHORTEST_ROW, SHORTEST_PHRASE = 4, 10  # as much of one is recognised as such
# What stands for which letter. l is i, as 1 and ! stand for both: all words are read so too.
_LETTER_FOR = str.maketrans("@4(83691!|l0$57+2", "aacbeggiiiiossttz")


@dataclass(frozen=True, slots=True)
class Common:
    """The cost of each word (see rating.py), and how rows and phrases go on after their first characters.

    Words and phrases are folded; of a row each key is itself."""

    words: Mapping[str, int]
    rows: Mapping[str, str]
    phrases: Mapping[str, str]

    @classmethod
    def parse(cls, text: str) -> Self:
        """From lines `<cost> words`, cheap ones first, `row row …` and `phrase …`; # begins a comment."""
        words: dict[str, int] = {}
        known: dict[str, list[str]] = {"row": [], "phrase": []}
        for line in text.splitlines():
            kind, _, rest = line.partition(" ")
            if kind in known:
                known[kind] += rest.split(" ")
            elif kind.isdigit():
                words = dict.fromkeys(_words(rest), int(kind)) | words
        both_ways = [*known["row"], *(row[::-1] for row in known["row"])]
        phrases = [fold(phrase) for phrase in known["phrase"]]
        return cls(words, _index(both_ways, SHORTEST_ROW), _index(phrases, SHORTEST_PHRASE))


@cache
def load_common() -> Common:
    """What stands in common.txt; read once, in some 30 ms."""
    return Common.parse(files(__package__).joinpath("common.txt").read_text(encoding="utf-8"))


def fold(lower: str) -> str:
    """Text in small letters as whoever guesses reads it: p4$$w0rd is password."""
    return lower.translate(_LETTER_FOR)


def _words(text: str) -> Iterator[str]:
    """The words of a line, each written as what it has in common with the one before (A: nothing, B: one
    character), and the rest."""
    word = ""
    for same, rest in re.findall("([A-Z])([^A-Z]*)", text):
        word = word[: ord(same) - ord("A")] + rest
        yield fold(word)


def _index(texts: Iterable[str], shortest: int) -> Mapping[str, str]:
    """From each beginning of that length, wherever in a text, to the whole rest of the text."""
    index: dict[str, str] = {}
    for text in texts:
        for start in range(len(text) - shortest + 1):
            index.setdefault(text[start : start + shortest], text[start:])
    return index
