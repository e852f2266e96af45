import { Page } from '../components/Page';
import { Bone } from './Bone';

/** The books while they load: the same boxes in the same places. */
export function BooksSkeleton() {
  return (
    <Page title="Books" className="flex grow flex-col gap-5">
      <p role="status" className="sr-only">
        The books are loading.
      </p>
      <div className="h-11 rounded-lg border border-line/40 bg-field" aria-hidden="true" />
      <div className="flex items-center justify-between" aria-hidden="true">
        <Bone className="h-6 w-24" />
        <div className="h-11 w-44 rounded-lg border border-line/40 bg-field" />
      </div>
      <div
        className="grid grid-cols-[repeat(auto-fill,minmax(min(100%,20rem),1fr))] gap-3 sm:gap-4"
        aria-hidden="true"
      >
        {Array.from({ length: 12 }, (_, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: twelve times the same
          <div key={at} className="flex h-30 items-center gap-4 rounded-xl border border-line/40 bg-card p-4">
            <Bone className="h-20 w-14" />
            <div className="flex grow flex-col gap-3">
              <Bone className="h-4 w-4/5" />
              <Bone className="h-3 w-1/2" />
              <Bone className="h-3 w-2/3" />
            </div>
          </div>
        ))}
      </div>
    </Page>
  );
}
