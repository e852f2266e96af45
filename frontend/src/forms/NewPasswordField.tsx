import { type FormEvent, useEffect, useRef, useState } from 'react';
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
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const known = useRef(NOTHING);

  const noticeTyping = ({ currentTarget }: FormEvent<HTMLInputElement>) => {
    const beside = [...(currentTarget.form?.querySelectorAll('input') ?? [])];
    const typedBeside = beside.filter(({ name }) => name === 'username' || name === 'email');
    known.current = [...personal, ...typedBeside.map((it) => it.value)];
    setTyped(currentTarget.value);
  };

  useEffect(() => {
    let current = true;
    setVerdict(null);
    if (typed !== '') {
      rate(typed, atLeast, known.current).then(
        (found) => current && setVerdict(found),
        () => undefined, // the list could not be loaded: the server will say
      );
    }
    return () => {
      current = false;
    };
  }, [typed, atLeast]);

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

function Note({ typed, atLeast, verdict }: { typed: number; atLeast: number; verdict: Verdict | null }) {
  if (typed < atLeast) return progress(typed, atLeast);
  return (
    <span className={verdict === 'good' ? 'text-success' : ''}>{verdict && VERDICT_WORDS[verdict]}</span>
  );
}
