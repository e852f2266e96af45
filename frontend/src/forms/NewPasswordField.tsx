import { type FormEvent, type RefObject, useEffect, useRef, useState } from 'react';
import { PasswordField } from './PasswordField';
import { codePoints, progress, rate, VERDICT_WORDS, type Verdict } from './passwords';

interface NewPasswordFieldProps {
  label: string;
  name: string;
  atLeast: number;
  /** What others know of the owner, besides what is typed into the same form. */
  personal?: readonly string[];
}

const NOTHING: readonly string[] = [];

/** A password that is chosen here: the rule before typing, how it does while typing, never a recipe. */
export function NewPasswordField({ label, name, atLeast, personal = NOTHING }: NewPasswordFieldProps) {
  const [typed, setTyped] = useState('');
  const known = useRef(NOTHING);
  const verdict = useVerdict(typed, atLeast, known);

  const noticeTyping = ({ currentTarget }: FormEvent<HTMLInputElement>) => {
    known.current = [...personal, ...identityBeside(currentTarget)];
    setTyped(currentTarget.value);
  };

  return (
    <PasswordField
      label={label}
      name={name}
      hint={`At least ${atLeast} characters. A few words in a row do well.`}
      autoComplete="new-password"
      required
      onInput={noticeTyping}
      note={typed !== '' && <Note typed={codePoints(typed)} atLeast={atLeast} verdict={verdict} />}
    />
  );
}

/** The name and the address that are typed into the same form. */
function identityBeside({ form }: HTMLInputElement): string[] {
  const beside = [...(form?.querySelectorAll('input') ?? [])];
  return beside.filter(({ name }) => name === 'username' || name === 'email').map(({ value }) => value);
}

/** What there is to say of the password; null until it is rated, and while nothing is typed. */
function useVerdict(typed: string, atLeast: number, known: RefObject<readonly string[]>): Verdict | null {
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  useEffect(() => {
    let current = true;
    setVerdict(null);
    if (typed !== '') {
      rate(typed, atLeast, known.current).then(
        (found) => current && setVerdict(found),
        () => undefined, // the word lists could not be loaded: the server will say
      );
    }
    return () => {
      current = false;
    };
  }, [typed, atLeast, known]);
  return verdict;
}

function Note({ typed, atLeast, verdict }: { typed: number; atLeast: number; verdict: Verdict | null }) {
  if (typed < atLeast) return progress(typed, atLeast);
  return (
    <span className={verdict === 'good' ? 'text-success' : ''}>{verdict && VERDICT_WORDS[verdict]}</span>
  );
}
