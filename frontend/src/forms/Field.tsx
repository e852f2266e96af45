import { type ComponentProps, createContext, type ReactNode, useContext, useId, useState } from 'react';
import { FieldMessage } from './FieldMessage';

export interface FieldProps
  extends Omit<ComponentProps<'input'>, 'id' | 'className' | 'children' | 'onChange'> {
  label: ReactNode;
  name: string;
  hint?: ReactNode;
  /** What is good to know while typing. */
  note?: ReactNode;
  /** Something at the end of the input, like the button that shows a password. */
  end?: ReactNode;
}

export const NO_ERRORS: Readonly<Record<string, string>> = {};

/** What is wrong with the fields of the form around, by their names. */
export const FieldErrors = createContext(NO_ERRORS);

/** A label, what to know before typing, the input, and a line that is kept free for what is wrong with it: until
 * something else is typed. */
export function Field({ label, hint, note, end, ...input }: FieldProps) {
  const id = useId();
  const errors = useContext(FieldErrors);
  const [corrected, setCorrected] = useState(NO_ERRORS);
  const error = errors === corrected ? undefined : errors[input.name];
  return (
    <div>
      <label htmlFor={id} className="block font-medium">
        {label}
      </label>
      {hint && (
        <div id={`${id}-hint`} className="text-sm text-muted">
          {hint}
        </div>
      )}
      <div className="relative mt-1.5">
        <input
          {...input}
          id={id}
          onChange={() => setCorrected(errors)}
          aria-invalid={error !== undefined}
          aria-describedby={`${hint ? `${id}-hint ` : ''}${id}-message`}
          className={`min-h-11 w-full rounded-lg border bg-field px-3 text-base ${end ? 'pr-12' : ''} ${
            error === undefined ? 'border-line' : 'border-danger'
          }`}
        />
        {end}
      </div>
      <FieldMessage id={`${id}-message`} error={error} note={note} />
    </div>
  );
}
