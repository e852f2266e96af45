import { type KeyboardEvent, useState } from 'react';
import { Icon } from '../components/Icon';
import { Field, type FieldProps } from './Field';

const CAPS_LOCK = (
  <>
    <Icon name="alert" className="mt-0.5 size-4" /> Caps Lock is on.
  </>
);

/** A password one can look at, with a word when Caps Lock is on. */
export function PasswordField({ note, ...props }: Omit<FieldProps, 'type' | 'end'>) {
  const [shown, setShown] = useState(false);
  const [capsLock, setCapsLock] = useState(false);

  const noticeCapsLock = (event: KeyboardEvent) => setCapsLock(event.getModifierState('CapsLock'));

  return (
    <Field
      {...props}
      type={shown ? 'text' : 'password'}
      autoCapitalize="none"
      autoCorrect="off"
      spellCheck={false}
      onKeyDown={noticeCapsLock}
      onKeyUp={noticeCapsLock}
      onBlur={() => setCapsLock(false)}
      note={
        <p role="status" className={capsLock ? 'flex gap-1.5 text-warning' : 'text-muted'}>
          {capsLock ? CAPS_LOCK : note}
        </p>
      }
      end={
        <button
          type="button"
          aria-label={shown ? 'Hide password' : 'Show password'}
          title={shown ? 'Hide password' : 'Show password'}
          onClick={() => setShown(!shown)}
          className="absolute inset-y-0 right-0 grid w-11 cursor-pointer place-items-center rounded-lg text-muted hover:text-fg"
        >
          <Icon name={shown ? 'hide' : 'show'} />
        </button>
      }
    />
  );
}
