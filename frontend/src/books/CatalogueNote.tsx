import { Alert } from '../components/Alert';
import type { Catalogue } from './catalogue';

interface CatalogueNoteProps {
  state: Catalogue['state'];
  count: number;
}

/** Says when the list is not what the catalogue says at this moment. */
export function CatalogueNote({ state, count }: CatalogueNoteProps) {
  if (state === 'live') return null;
  if (state === 'cached') {
    return (
      <Alert kind="info">
        The catalogue can’t be reached at the moment. This is the list as we last saw it.
      </Alert>
    );
  }
  return (
    <Alert kind="warning">
      This is a sample of {count} books: the catalogue hasn’t been reached yet. The full list comes by itself.
    </Alert>
  );
}
