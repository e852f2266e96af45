import { useSyncExternalStore } from 'react';
import { type Choice, chooseTheme, subscribeTheme, themeChoice } from '../theme';
import { Icon } from './Icon';

const CHOICES: readonly { value: Choice; label: string }[] = [
  { value: 'system', label: 'Theme of the system' },
  { value: 'light', label: 'Light theme' },
  { value: 'dark', label: 'Dark theme' },
];

/** The choice between the system's theme, the light and the dark one. */
export function ThemeSwitch() {
  const chosen = useSyncExternalStore(subscribeTheme, themeChoice);
  return (
    <fieldset className="flex rounded-full border border-line/60">
      <legend className="sr-only">Theme</legend>
      {CHOICES.map(({ value, label }) => (
        <label
          key={value}
          title={label}
          className="grid size-11 cursor-pointer place-items-center rounded-full text-muted hover:text-fg has-checked:bg-page has-checked:text-accent has-focus-visible:outline-3 has-focus-visible:outline-accent"
        >
          <input
            type="radio"
            name="theme"
            value={value}
            checked={chosen === value}
            onChange={() => chooseTheme(value)}
            className="sr-only"
          />
          <span className="sr-only">{label}</span>
          <Icon name={value} />
        </label>
      ))}
    </fieldset>
  );
}
