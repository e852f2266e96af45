"""Who gets whom: every part of the extension and what it is made of, in one place."""

from dataclasses import dataclass

from sqlalchemy.orm import Session as OrmSession

from flask_tokenkeep.clients import NOBODY
from flask_tokenkeep.clock import Clock
from flask_tokenkeep.mail.courier import Courier
from flask_tokenkeep.mail.files import FileTransport
from flask_tokenkeep.mail.letters import Letters, default_sender, host_of
from flask_tokenkeep.mail.smtp import SmtpTransport
from flask_tokenkeep.mail.transport import Transport
from flask_tokenkeep.people.credentials import Credentials
from flask_tokenkeep.people.deletion import Deletion
from flask_tokenkeep.people.email import EmailAddress
from flask_tokenkeep.people.export import Export
from flask_tokenkeep.people.login import LogIn
from flask_tokenkeep.people.password_change import PasswordChange
from flask_tokenkeep.people.profile import Profiles
from flask_tokenkeep.people.recovery import Recovery
from flask_tokenkeep.people.registration import Registration
from flask_tokenkeep.sessions.ledger import Ledger
from flask_tokenkeep.sessions.live import Lifetimes, LiveSessions
from flask_tokenkeep.sessions.sessions import Sessions
from flask_tokenkeep.sessions.tokens import TokenMint
from flask_tokenkeep.settings import AuthSettings
from flask_tokenkeep.signals import Announcer
from flask_tokenkeep.stores.models import LetterKind, User
from flask_tokenkeep.stores.sweeper import Sweeper
from flask_tokenkeep.tools import Tools, make_tools, product_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the extension keeps for an app. Views call the behaviours; the rest is for the extension."""

    tools: Tools
    sessions: Sessions
    registration: Registration
    log_in: LogIn
    password_change: PasswordChange
    recovery: Recovery
    email: EmailAddress
    profiles: Profiles
    export: Export
    deletion: Deletion
    courier: Courier
    sweeper: Sweeper


def assemble(settings: AuthSettings, clock: Clock, sender: object) -> Parts:
    """The parts for one app, which is the `sender` of signals. Connects to nothing."""
    tools = make_tools(settings, clock, Announcer(sender))
    sessions, profiles = _sessions(tools), Profiles(database=tools.database)
    credentials = Credentials(
        database=tools.database,
        passwords=tools.passwords,
        limits=tools.limits,
        sessions=sessions,
        codes=tools.codes,
        outbox=tools.outbox,
        events=tools.events,
    )
    return Parts(
        tools=tools,
        sessions=sessions,
        profiles=profiles,
        registration=_registration(tools),
        log_in=_log_in(tools, credentials, sessions),
        password_change=_password_change(tools, credentials, sessions),
        recovery=_recovery(tools, credentials),
        email=_email(tools, credentials, profiles),
        export=Export(database=tools.database, profiles=profiles, outbox=tools.outbox, codes=tools.codes),
        deletion=_deletion(tools, credentials, profiles, sessions),
        courier=_courier(tools),
        sweeper=Sweeper(database=tools.database, keep_days=settings.auth_events_days, clock=clock),
    )


# -- sessions -------------------------------------------------------------------------------


def _sessions(tools: Tools) -> Sessions:
    settings = tools.settings
    return Sessions(
        database=tools.database,
        live=LiveSessions(redis=tools.redis, grace_seconds=settings.auth_grace_seconds),
        ledger=Ledger(announcer=tools.announcer, clock=tools.clock),
        mint=_mint(settings),
        proofs=tools.proofs,
        events=tools.events,
        bearer=_bearer_lifetimes(settings),
        bound=_bound_lifetimes(settings),
        max_sessions=settings.auth_max_sessions,
        clock=tools.clock,
    )


def _mint(settings: AuthSettings) -> TokenMint:
    fallbacks = [key.get_secret_value() for key in settings.secret_key_fallbacks]
    return TokenMint(settings.secret_key.get_secret_value(), fallbacks)


def _bearer_lifetimes(settings: AuthSettings) -> Lifetimes:
    return Lifetimes(
        token_seconds=settings.auth_bearer_ttl_seconds,
        idle_seconds=settings.auth_bearer_ttl_seconds,
        max_age_seconds=settings.auth_bearer_max_age_seconds,
        bound=False,
    )


def _bound_lifetimes(settings: AuthSettings) -> Lifetimes:
    return Lifetimes(
        token_seconds=settings.auth_token_ttl_seconds,
        idle_seconds=settings.auth_bound_idle_seconds,
        max_age_seconds=settings.auth_bound_max_age_seconds,
        bound=True,
    )


# -- people ---------------------------------------------------------------------------------


def _registration(tools: Tools) -> Registration:
    return Registration(
        database=tools.database,
        passwords=tools.passwords,
        limits=tools.limits,
        outbox=tools.outbox,
        events=tools.events,
        clock=tools.clock,
    )


def _log_in(tools: Tools, credentials: Credentials, sessions: Sessions) -> LogIn:
    return LogIn(
        database=tools.database,
        credentials=credentials,
        passwords=tools.passwords,
        proofs=tools.proofs,
        limits=tools.limits,
        sessions=sessions,
        events=tools.events,
    )


def _password_change(tools: Tools, credentials: Credentials, sessions: Sessions) -> PasswordChange:
    return PasswordChange(
        database=tools.database,
        credentials=credentials,
        passwords=tools.passwords,
        sessions=sessions,
        events=tools.events,
    )


def _recovery(tools: Tools, credentials: Credentials) -> Recovery:
    return Recovery(
        database=tools.database,
        credentials=credentials,
        passwords=tools.passwords,
        codes=tools.codes,
        limits=tools.limits,
        outbox=tools.outbox,
        events=tools.events,
    )


def _email(tools: Tools, credentials: Credentials, profiles: Profiles) -> EmailAddress:
    return EmailAddress(
        database=tools.database,
        credentials=credentials,
        profiles=profiles,
        codes=tools.codes,
        limits=tools.limits,
        outbox=tools.outbox,
        events=tools.events,
    )


def _deletion(tools: Tools, credentials: Credentials, profiles: Profiles, sessions: Sessions) -> Deletion:
    return Deletion(
        database=tools.database,
        credentials=credentials,
        profiles=profiles,
        sessions=sessions,
        codes=tools.codes,
        limits=tools.limits,
        outbox=tools.outbox,
        events=tools.events,
    )


# -- mail -----------------------------------------------------------------------------------


def _courier(tools: Tools) -> Courier:
    def note_given_up(sql: OrmSession, _kind: LetterKind, user: User) -> None:
        tools.events.record(sql, "mail_given_up", NOBODY, user)

    return Courier(
        outbox=tools.outbox,
        database=tools.database,
        transport=open_transport(tools.settings),
        letters=open_letters(tools.settings),
        issue_code=tools.codes.issue,
        on_given_up=note_given_up,
        clock=tools.clock,
    )


def open_letters(settings: AuthSettings) -> Letters:
    name = product_name(settings)
    return Letters(
        product_name=name,
        public_url=settings.public_url,
        sender=settings.mail_from or default_sender(name, settings.public_url),
        reset_seconds=settings.auth_reset_code_ttl_seconds,
        verify_seconds=settings.auth_verify_code_ttl_seconds,
    )


def open_transport(settings: AuthSettings) -> Transport:
    if settings.smtp_url is None:
        return FileTransport(settings.mail_dir, show_link=settings.env == "development")
    return SmtpTransport(settings.smtp_url, greeting=host_of(settings.public_url))
