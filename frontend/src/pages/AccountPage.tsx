import { useEffect } from 'react';
import { type LoaderFunctionArgs, useLoaderData, useLocation } from 'react-router-dom';
import { ActivitySection } from '../account/ActivitySection';
import { fetchEmail, fetchEvents, fetchMe, fetchPasswordMinLength, fetchSessions } from '../account/api';
import { day } from '../account/dates';
import { EmailSection } from '../account/EmailSection';
import { LeavingSection } from '../account/LeavingSection';
import { PasswordSection } from '../account/PasswordSection';
import { SessionsSection } from '../account/SessionsSection';
import { Page } from '../components/Page';
import { loggedIn } from '../guards';

export function accountLoader({ request }: LoaderFunctionArgs) {
  return loggedIn(request, () => fetchAccount(request.signal));
}

async function fetchAccount(signal: AbortSignal) {
  const [me, email, sessions, events, passwordMinLength] = await Promise.all([
    fetchMe(signal),
    fetchEmail(signal),
    fetchSessions(signal),
    fetchEvents(signal),
    fetchPasswordMinLength(),
  ]);
  return { me, email, sessions, events, passwordMinLength };
}

export function AccountPage() {
  const { me, email, sessions, events, passwordMinLength } = useLoaderData<typeof accountLoader>();
  useScrollToSection();

  return (
    <Page title="Your account" className="mx-auto flex w-full max-w-2xl flex-col gap-6">
      <p className="text-muted">
        <strong className="text-fg">{me.username}</strong>, here since {day(me.created_at)}
      </p>
      <EmailSection email={email} username={me.username} />
      <PasswordSection email={email} username={me.username} passwordMinLength={passwordMinLength} />
      <SessionsSection sessions={sessions} />
      <ActivitySection events={events} />
      <LeavingSection username={me.username} />
    </Page>
  );
}

/** Leads to the section that the address names (`/account#email`), and into its first field. */
function useScrollToSection() {
  const { hash } = useLocation();
  useEffect(() => {
    const section = hash === '' ? null : document.getElementById(hash.slice(1));
    section?.scrollIntoView();
    section?.querySelector<HTMLInputElement>('input:not([hidden])')?.focus();
  }, [hash]);
}
