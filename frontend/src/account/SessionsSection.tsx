import type { ActionFunctionArgs } from 'react-router-dom';
import { Alert } from '../components/Alert';
import { Task } from '../forms/Task';
import { answerTask } from './answerTask';
import { endOtherSessions, endSession, type SessionRow } from './api';
import { moment } from './dates';
import { LongList } from './LongList';
import { Section } from './Section';

export function endOthersAction() {
  return answerTask(endOtherSessions, 'You are logged out everywhere else.');
}

export function endSessionAction({ params }: ActionFunctionArgs) {
  return answerTask(() => endSession(String(params['id'])), 'Ended.');
}

/** The sessions of the account, this one first, and how to end the others. */
export function SessionsSection({ sessions }: { sessions: readonly SessionRow[] }) {
  return (
    <Section id="sessions" title="Where you are logged in">
      {!sessions.some((session) => session.current && session.bound) && <NotBound />}
      <LongList>
        {[...sessions].sort(currentFirst).map((session) => (
          <Session key={session.id} session={session} />
        ))}
      </LongList>
      {sessions.length > 1 && (
        <Task action="/account/sessions" label="End all others" busyLabel="Ending them…" look="quiet" />
      )}
    </Section>
  );
}

function NotBound() {
  return (
    <Alert kind="info">
      This browser can’t keep a key, so your session here isn’t bound to it: it ends sooner, and a copy of it
      would work elsewhere until then.
    </Alert>
  );
}

function Session({ session }: { session: SessionRow }) {
  return (
    <li className="flex flex-wrap items-center justify-between gap-3 rounded-lg border border-line/40 p-3">
      <div className="min-w-0">
        <p className="font-medium first-letter:uppercase">
          {session.browser}
          {session.current && <span className="text-success"> · this one</span>}
        </p>
        <p className="text-sm break-words text-muted">
          {session.ip}, last active {moment(session.last_refreshed_at)}
        </p>
      </div>
      {!session.current && (
        <Task action={`/account/sessions/${session.id}`} label="End" busyLabel="Ending…" look="quiet" />
      )}
    </li>
  );
}

const currentFirst = (one: SessionRow, other: SessionRow) => Number(other.current) - Number(one.current);
