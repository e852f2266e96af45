import { Alert } from '../components/Alert';
import { Countdown } from '../components/Countdown';
import type { Failure } from './failure';

interface FailureAlertProps {
  failure: Failure | undefined;
  busy: boolean;
}

/** What is wrong with the whole form. Out of sight while it is tried again, so that the same words are read out anew. */
export function FailureAlert({ failure, busy }: FailureAlertProps) {
  return (
    <div role="alert" className={`empty:hidden ${busy ? 'invisible' : ''}`}>
      {failure !== undefined && failure.message !== '' && (
        <Alert kind="danger">
          {failure.message}{' '}
          {failure.retryAtMs !== null && <Countdown key={failure.retryAtMs} untilMs={failure.retryAtMs} />}
        </Alert>
      )}
    </div>
  );
}
