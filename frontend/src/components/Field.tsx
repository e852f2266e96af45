import { type ComponentProps, createContext, type ReactNode, useContext, useId } from 'react';
import { FieldMessage } from './FieldMessage';

export interface FieldProps extends Omit<ComponentProps<'input'>, 'id' | 'className' | 'children'> {
  label: ReactNode;
  name: string;
  hint?: ReactNode;
  error?: string | undefined;
  /** What is good to know while typing. */
  note?: ReactNode;
  /** Something at the end of the input, like the button that shows a password. */
  end?: ReactNode;
}

/** What is wrong with the fields of the form around, by their names. */
export const FieldErrors = createContext<Readonly<Record<string, string>>>({});

/** A label, what to know before typing, the input, and a line that is kept free for what is wrong with it. */
export function Field({ label, hint, error: ownError, note, end, ...input }: FieldProps) {
  const id = useId();
  const errors = useContext(FieldErrors);
  const error = ownError ?? errors[input.name];
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
