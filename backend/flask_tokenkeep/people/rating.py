"""How hard a password is to guess: out of which common pieces it can be put together.

Whoever guesses tries the commonest first. By Zipf's law a word of rank r is met about once in 10 r, so as a
piece it costs 1 + log10 r, in hundredths: "the" 100, the hundredth word 300. A password costs as much as the
cheapest way to cut it into pieces. The page rates by the same words and rules (frontend/src/forms/rating.ts).

The work is bounded whatever is typed: at each place LONGEST_WORD looks into a dictionary."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import accumulate, pairwise

from flask_tokenkeep.people.common import SHORTEST_PHRASE, SHORTEST_ROW, Common, fold

ENOUGH = (
    851  # more than eight digits at random: 10^8.5 guesses, of which limits.py lets a stranger make 96 a day
)
LONGEST_WORD = 24  # code points; longer ones are phrases
SEPARATORS = " ._,'-"  # left out: "pass word" and "pass-word" are no harder than "password"

STRAY = 50  # that what follows is no word, and which characters it is
SEPARATOR, MOST_SEPARATORS = 100, 2  # which one stands between the words
PATTERN = 200  # a run, a row of keys, what stood before: some dozens of ways to begin and to end
PHRASE = 440  # not enough by itself, nor with a digit and a sign; with a word of one's own it may be
OWN_WORD = 100  # what others know of the owner: tried first
DIGIT, LETTER, OTHER = 100, 150, 150  # one of 10, of 26, of 33 and more
YEAR, DAY = 200, 260  # one of 160 (1900 to 2059), one of 366
BIT, MOST_BITS = 30, 6  # for each capital, digit or sign in a word: it might also be a small letter
SHORTEST_RUN = SHORTEST_COPY = 3


def is_hard_to_guess(common: Common, password: str, own: Collection[str], min_length: int) -> bool:
    """Whether it takes long to guess this; `own` are words, in small letters, that others know of its owner.

    To say a thing again makes it no longer: what is repeated must be long enough by itself."""
    if (repeated_length(password) or min_length) < min_length:
        return False
    return rate(common, password, own, ENOUGH) >= ENOUGH


def rate(common: Common, password: str, own: Collection[str], enough: int) -> int:
    """The log10 of the guesses that this takes, in hundredths; `enough` if it is at least that."""
    text = _Text(common, _typed(password), {fold(word) for word in own})
    between = SEPARATOR * min(len({*password} & {*SEPARATORS}), MOST_SEPARATORS)
    cheapest, stray = [between] + [enough] * text.length, enough  # stray: as far as here, and not in a word
    for start in range(text.length):
        stray = min(stray, cheapest[start] + STRAY) + text.cost_of_one(start)
        cheapest[start + 1] = min(cheapest[start + 1], stray)
        if cheapest[start] < enough:
            for end, cost in text.pieces(start):
                cheapest[end] = min(cheapest[end], cheapest[start] + cost)
    return cheapest[-1]


def repeated_length(password: str) -> int | None:
    """How long that is which the password says twice or more, and nothing else."""
    text = fold("".join(_small(_typed(password))))
    periods = range(1, len(text) // 2 + 1)
    return next((period for period in periods if text.startswith(text[period:])), None)


class _Text:
    """A password, prepared for the question which pieces begin at a place."""

    def __init__(self, common: Common, typed: list[str], own: Collection[str]) -> None:
        self._words, self._own = common.words, own
        self._lower = "".join(_small(typed))
        self._folded = fold(self._lower)
        self.length = len(typed)
        self._capitals = _sums(a != b for a, b in zip(typed, self._lower, strict=True))
        self._substitutes = _sums(a not in (b, "l") for a, b in zip(self._lower, self._folded, strict=True))
        patterns = (
            _runs(self._lower),
            _known(self._lower, common.rows, SHORTEST_ROW),
            _copies(self._folded),
        )
        self._reach = [max(reaches) for reaches in zip(*patterns, strict=True)]
        self._phrases = _known(self._folded, common.phrases, SHORTEST_PHRASE)

    def cost_of_one(self, at: int) -> int:
        """Of this character by itself."""
        return _one(self._lower[at]) + BIT * (self._capitals[at + 1] - self._capitals[at])

    def pieces(self, start: int) -> Iterator[tuple[int, int]]:
        """Where words and patterns that begin here end, and what each costs."""
        reach = self._reach[start]
        if reach >= SHORTEST_RUN:
            yield start + reach, PATTERN
            yield from ((start + length, PATTERN) for length in range(SHORTEST_RUN, min(reach, LONGEST_WORD)))
        if self._phrases[start] >= SHORTEST_PHRASE:
            yield start + self._phrases[start], PHRASE
        for end in self._ends_of_words(start):
            yield end, self._word(start, end)
        date = _date(self._lower[start : start + 4])
        if date:
            yield start + 4, date

    def _ends_of_words(self, start: int) -> list[int]:
        folded, words, own = self._folded, self._words, self._own
        ends = range(start + 2, min(start + LONGEST_WORD, self.length) + 1)
        return [end for end in ends if (word := folded[start:end]) in words or word in own]

    def _word(self, start: int, end: int) -> int:
        word = self._folded[start:end]
        cost = OWN_WORD if word in self._own else self._words[word]
        capitals = self._capitals[end] - self._capitals[start]
        substitutes = self._substitutes[end] - self._substitutes[start]
        as_rare = min(capitals, end - start - capitals + 1)  # all of them is one choice, as none is
        return cost + BIT * min(as_rare + substitutes, MOST_BITS)


def _typed(password: str) -> list[str]:
    return [char for char in password if char not in SEPARATORS]


def _small(chars: Iterable[str]) -> list[str]:
    return [char.lower()[0] for char in chars]  # one for one: the small form of İ is two


def _sums(flags: Iterable[bool]) -> list[int]:
    return list(accumulate(flags, initial=0))


def _one(char: str) -> int:
    if "a" <= char <= "z":
        return LETTER
    return DIGIT if "0" <= char <= "9" else OTHER


def _date(four: str) -> int | None:
    if not (len(four) == 4 and four.isascii() and four.isdigit()):
        return None
    if "1900" <= four < "2060":
        return YEAR
    low, high = sorted((int(four[:2]), int(four[2:])))
    return DAY if 1 <= low <= 12 and high <= 31 else None


# -- how far a pattern goes on from each place ------------------------------------------------


def _runs(text: str) -> list[int]:
    """aaaa, abcd, 4321."""
    reach, last = [1], None
    for one, next_one in pairwise(reversed(text)):
        step = ord(next_one) - ord(one)
        near = abs(step) <= 1
        reach.append(reach[-1] + 1 if near and step == last else 1 + near)
        last = step
    return reach[::-1] if text else []


def _copies(text: str) -> list[int]:
    """What stood before, from its first time on."""
    first: dict[str, int] = {}

    def former(place: int) -> str:
        before = first.setdefault(text[place : place + SHORTEST_COPY], place)
        return text[before:] if before < place else ""

    return _followed(text, former, SHORTEST_COPY)


def _known(text: str, index: Mapping[str, str], shortest: int) -> list[int]:
    """A row of keys, or a phrase that everybody knows."""
    return _followed(text, lambda place: index.get(text[place : place + shortest], ""), shortest)


def _followed(text: str, pattern: Callable[[int], str], shortest: int) -> list[int]:
    """How far the text goes along with the pattern that begins at each place.

    Compared only where no former one goes on, so that the work grows with the length, not its square."""
    reach: list[int] = []
    for place in range(len(text)):
        going_on = reach[-1] - 1 if reach else 0
        reach.append(going_on if going_on >= shortest else _shared(text[place:], pattern(place)))
    return reach


def _shared(one: str, other: str) -> int:
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
