import { type ReactNode, useEffect } from 'react';
import { useLoaderData, useLocation } from 'react-router-dom';
import type { SecurityEvent, SessionRow } from 'tokenkeep';
import { LongList } from '../account/LongList';
import { EVENT_WORDS } from '../account/notices';
import { browserInWords } from '../browser';
import { Alert } from '../components/Alert';
import { Page } from '../components/Page';
import { Field } from '../forms/Field';
import { NewPasswordField } from '../forms/NewPasswordField';
import { PasswordField } from '../forms/PasswordField';
import { Task } from '../forms/Task';
import type { accountLoader } from '../routes';

export function AccountPage() {
  const { me, email, sessions, events, passwordMinLength } = useLoaderData<typeof accountLoader>();
  const { hash } = useLocation();

  useEffect(() => {
    const section = hash === '' ? null : document.getElementById(hash.slice(1));
    section?.scrollIntoView();
    section?.querySelector<HTMLInputElement>('input:not([hidden])')?.focus();
  }, [hash]);

  return (
    <Page title="Your account" className="mx-auto flex w-full max-w-2xl flex-col gap-6">
      <p className="text-muted">
        <strong className="text-fg">{me.username}</strong>, here since {day(me.created_at)}
      </p>

      <Section id="email" title="E-mail">
        {email.verified === null && email.pending === null && (
          <p>There is no address yet. With one you can get back in if you forget the password.</p>
        )}
        {email.verified !== null && <Address text={email.verified} state="confirmed" />}
        {email.pending !== null && (
          <>
            <Address
              text={email.pending}
              state={email.verified === null ? 'not confirmed yet' : 'takes its place once confirmed'}
            />
            <Task action="/account/resend" label="Send the link again" busyLabel="Sending…" look="quiet" />
          </>
        )}
        <Task action="/account/email" label="Change the address" busyLabel="Changing…">
          <Field label="New e-mail address" name="email" type="email" autoComplete="email" required />
          <CurrentPassword username={me.username} />
        </Task>
      </Section>

      <Section id="password" title="Password">
        <Task action="/account/password" label="Change the password" busyLabel="Changing…">
          <CurrentPassword username={me.username} />
          <NewPasswordField
            label="New password"
            name="new_password"
            atLeast={passwordMinLength}
            personal={[email.verified, email.pending].filter((address) => address !== null)}
          />
          <p className="text-sm text-muted">Everywhere else you will be logged out.</p>
        </Task>
      </Section>

      <Section id="sessions" title="Where you are logged in">
        {!sessions.some((session) => session.current && session.bound) && (
          <Alert kind="info">
            This browser can’t keep a key, so your session here isn’t bound to it: it ends sooner, and a copy
            of it would work elsewhere until then.
          </Alert>
        )}
        <LongList>
          {[...sessions].sort(currentFirst).map((session) => (
            <Session key={session.id} session={session} />
          ))}
        </LongList>
        {sessions.length > 1 && (
          <Task action="/account/sessions" label="End all others" busyLabel="Ending them…" look="quiet" />
        )}
      </Section>

      <Section id="activity" title="Recent activity">
        <LongList>
          {events.map((event) => (
            <Activity key={`${event.time} ${event.event}`} event={event} />
          ))}
        </LongList>
      </Section>

      <Section id="leaving" title="Your data, and leaving">
        <Task
          action="/account/export"
          label="Download all that is stored about you"
          busyLabel="Collecting it…"
          look="quiet"
        />
        <Task action="/account/delete" label="Delete the account" busyLabel="Deleting…" look="danger">
          <p>Deleting takes away everything of yours, at once and for good.</p>
          <CurrentPassword username={me.username} />
        </Task>
      </Section>
    </Page>
  );
}

function Section({ id, title, children }: { id: string; title: string; children: ReactNode }) {
  return (
    <section
      id={id}
      aria-labelledby={`${id}-title`}
      className="flex scroll-mt-4 flex-col gap-4 rounded-xl border border-line/40 bg-card p-5 sm:p-7"
    >
      <h2 id={`${id}-title`} className="text-xl font-bold text-brand">
        {title}
      </h2>
      {children}
    </section>
  );
}

function Address({ text, state }: { text: string; state: string }) {
  return (
    <p className="break-words">
      <span className="text-own">{text}</span> <span className="text-muted">({state})</span>
    </p>
  );
}

/** With the name, hidden: password managers keep a password under one. */
function CurrentPassword({ username }: { username: string }) {
  return (
    <>
      <input type="text" name="username" autoComplete="username" hidden readOnly value={username} />
      <PasswordField
        label="Current password"
        name="current_password"
        autoComplete="current-password"
        required
      />
    </>
  );
}

function Session({ session }: { session: SessionRow }) {
  return (
    <li className="flex flex-wrap items-center justify-between gap-3 rounded-lg border border-line/40 p-3">
      <div className="min-w-0">
        <p className="font-medium first-letter:uppercase">
          {browserInWords(session.user_agent)}
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

function Activity({ event }: { event: SecurityEvent }) {
  return (
    <li className="text-sm">
      <span>{EVENT_WORDS[event.event] ?? event.event}</span>{' '}
      <span className="break-words text-muted">
        {moment(event.time)}, {browserInWords(event.user_agent)}
        {event.ip !== '' && `, ${event.ip}`}
      </span>
    </li>
  );
}

const currentFirst = (one: SessionRow, other: SessionRow) => Number(other.current) - Number(one.current);

const day = (iso: string) => new Date(iso).toLocaleDateString(undefined, { dateStyle: 'long' });

const moment = (iso: string) =>
  new Date(iso).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
