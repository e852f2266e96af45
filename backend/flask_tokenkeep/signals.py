"""What a host app can listen to (blinker): `logged_in.connect(listener, app)`.

Sent after the commit, with the app as the sender and ids as keyword arguments, never a secret. A listener
that raises is logged and undoes nothing. Ids are UUIDs; `session_id` is the one that may be shown."""

import logging

from blinker import NamedSignal, Namespace
from sqlalchemy import event
from sqlalchemy.orm import Session as OrmSession

log = logging.getLogger("flask_tokenkeep")
_signals = Namespace()

user_registered = _signals.signal("user_registered", doc="`user_id`")
logged_in = _signals.signal("logged_in", doc="`user_id`")
log_in_failed = _signals.signal("log_in_failed", doc="`user_id`, None where nobody has the name")
session_ended = _signals.signal("session_ended", doc="`user_id`, `session_id`, `reason`")
password_changed = _signals.signal("password_changed", doc="`user_id`")
email_verified = _signals.signal("email_verified", doc="`user_id`")
account_deleted = _signals.signal("account_deleted", doc="`user_id`")


class Announcer:
    """Sends signals for one app, each when its transaction is committed."""

    def __init__(self, sender: object) -> None:
        self._sender = sender

    def after_commit(self, sql: OrmSession, signal: NamedSignal, **facts: object) -> None:
        """Send this signal with these facts once `sql` is committed, and never if it isn't."""
        event.listen(sql, "after_commit", lambda _sql: self._send(signal, facts), once=True)

    def _send(self, signal: NamedSignal, facts: dict[str, object]) -> None:
        for receiver in signal.receivers_for(self._sender):
            try:
                receiver(self._sender, **facts)
            except Exception:  # the commit stands: what a listener does wrong must not look as if it didn't
                log.exception("A listener to %s raised", signal.name)
