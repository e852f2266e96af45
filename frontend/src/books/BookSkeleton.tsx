import { Page } from '../components/Page';
import { Bone } from './Bone';

/** A book while it loads. */
export function BookSkeleton() {
  return (
    <div className="mx-auto w-full max-w-2xl pt-13">
      <Page
        title="Book"
        heading={<span className="sr-only">The book is loading</span>}
        className="grid grid-cols-[auto_minmax(0,1fr)] items-start gap-x-5 gap-y-4 rounded-xl border border-line/40 bg-card p-5 sm:grid-rows-[auto_auto_1fr] sm:gap-x-8 sm:p-8 [&>h1]:absolute"
      >
        <Bone className="h-28 w-20 sm:row-span-3 sm:h-56 sm:w-40" />
        <Bone className="h-8 w-4/5" />
        <Bone className="col-span-2 h-5 w-1/2 sm:col-span-1" />
        <Bone className="col-span-2 h-28 w-2/3 sm:col-span-1" />
      </Page>
    </div>
  );
}
