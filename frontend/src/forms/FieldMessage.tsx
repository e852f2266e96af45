import type { ReactNode } from 'react';
import { Icon } from '../components/Icon';

interface FieldMessageProps {
  id: string;
  error: string | undefined;
  /** What is good to know while typing; an error takes its place. */
  note: ReactNode;
}

/** The line under a field; as high when it is empty, so that nothing jumps when it isn't. */
export function FieldMessage({ id, error, note }: FieldMessageProps) {
  return (
    <div id={id} className="min-h-7 pt-1 text-sm">
      {error === undefined ? (
        note
      ) : (
        <p className="flex gap-1.5 text-danger">
          <Icon name="alert" className="mt-0.5 size-4" />
          <span className="min-w-0">{error}</span>
        </p>
      )}
    </div>
  );
}
