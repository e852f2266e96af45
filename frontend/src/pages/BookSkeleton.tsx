import { Bone } from '../components/Bone';
import { Page } from '../components/Page';

/** A book while it loads. */
export function BookSkeleton() {
  return (
    <div className="mx-auto w-full max-w-2xl pt-13">
      <Page
        title="Book"
        heading={<span className="sr-only">The book is loading</span>}
        className="grid gap-x-8 gap-y-4 rounded-xl border border-line/40 bg-card p-5 sm:grid-cols-[auto_1fr] sm:p-8"
      >
        <Bone className="h-28 w-20 sm:row-span-3 sm:row-start-1 sm:h-56 sm:w-40" />
        <Bone className="h-8 w-4/5" />
        <Bone className="h-5 w-1/2" />
        <Bone className="h-28 w-2/3" />
      </Page>
    </div>
  );
}
