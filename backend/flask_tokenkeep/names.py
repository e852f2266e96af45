"""User names and e-mail addresses: what is accepted, and under which key they are unique."""

import unicodedata

import regex
from email_validator import EmailNotValidError, validate_email

from flask_tokenkeep.errors import FieldError

USERNAME_MIN, USERNAME_MAX = 3, 32
_ALLOWED = regex.compile(r"[\p{L}0-9_.\-]+")
# Scripts that are written together (UTS 39 §5.1); any other mixture is how "pаypal" is made.
_TOGETHER = (r"\p{Han}\p{Hiragana}\p{Katakana}", r"\p{Han}\p{Hangul}", r"\p{Han}\p{Bopomofo}")
_NEUTRAL = r"\p{Common}\p{Inherited}"


def normalise_username(text: str) -> str:
    """The name as it is shown: in NFKC, so that full-width and other twins of a letter are that letter.
    Case stays as typed."""
    return unicodedata.normalize("NFKC", text)


def username_key(text: str) -> str:
    """What of a name is unique: the name without regard to case (Unicode case folding, again NFKC)."""
    return unicodedata.normalize("NFKC", normalise_username(text).casefold())


def username_problem(field: str, text: str) -> FieldError | None:
    """Why nobody can be called so, or None. `field` is the name that the problem gives to the input."""
    name = normalise_username(text)
    if not USERNAME_MIN <= len(name) <= USERNAME_MAX:
        return FieldError(field, "wrong_length", f"Use {USERNAME_MIN} to {USERNAME_MAX} characters.")
    if not _ALLOWED.fullmatch(name):
        return FieldError(field, "wrong_characters", "Use letters, digits, and _ . - only.")
    if not _one_script(name):
        return FieldError(field, "mixed_scripts", "Use the letters of one script only.")
    return None


def _one_script(name: str) -> bool:
    if any(regex.fullmatch(f"[{group}{_NEUTRAL}]+", name) for group in _TOGETHER):
        return True
    letters = regex.sub(f"[{_NEUTRAL}]", "", name)
    return not letters or any(regex.fullmatch(f"\\p{{{script}}}+", letters) for script in _SCRIPTS)


_SCRIPTS = (
    *("Latin", "Greek", "Cyrillic", "Armenian", "Hebrew", "Arabic", "Syriac", "Thaana", "Devanagari"),
    *("Bengali", "Gurmukhi", "Gujarati", "Oriya", "Tamil", "Telugu", "Kannada", "Malayalam", "Sinhala"),
    *("Thai", "Lao", "Tibetan", "Myanmar", "Georgian", "Ethiopic", "Khmer", "Mongolian", "Cherokee"),
    *("Hangul", "Han", "Hiragana", "Katakana"),
)


def normalise_email(text: str) -> str | None:
    """The address in its one spelling, or None if it isn't exactly one address. No DNS is asked.

    ASCII only: other letters make twins of an address (mıke@, full-width or Cyrillic ones), which one program
    takes for the same as the real one and the next for another's mailbox. A domain has its xn-- form."""
    if not text.isascii():
        return None
    try:
        return validate_email(text, check_deliverability=False, allow_smtputf8=False).ascii_email
    except EmailNotValidError:
        return None


def email_key(address: str) -> str:
    """What of an address is unique among verified ones: the address without regard to case, which hosts
    ignore and, in practice, mailboxes too."""
    return address.casefold()


def email_problem(field: str, text: str) -> FieldError | None:
    """Why this can't be anybody's address, or None."""
    if not text.isascii():
        message = "Use letters without accents, and the xn-- form of a domain with others."
        return FieldError(field, "not_an_email", message)
    if len(text) > 254 or normalise_email(text) is None:  # RFC 5321 §4.5.3.1.3
        return FieldError(field, "not_an_email", "This is not an e-mail address.")
    return None
