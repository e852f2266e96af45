import type { SecurityEvent } from './api';
import { moment } from './dates';
import { EVENT_WORDS } from './eventWords';
import { LongList } from './LongList';
import { Section } from './Section';

/** What happened to the account: the newest security events. */
export function ActivitySection({ events }: { events: readonly SecurityEvent[] }) {
  return (
    <Section id="activity" title="Recent activity">
      <LongList>
        {events.map((event) => (
          <Activity key={`${event.time} ${event.event}`} event={event} />
        ))}
      </LongList>
    </Section>
  );
}

function Activity({ event }: { event: SecurityEvent }) {
  return (
    <li className="text-sm">
      <span>{EVENT_WORDS[event.event] ?? event.event}</span>{' '}
      <span className="break-words text-muted">
        {moment(event.time)}, {event.browser}
        {event.ip !== '' && `, ${event.ip}`}
      </span>
    </li>
  );
}
