import { Page } from '../components/Page';
import { Shelf } from '../components/Shelf';
import { TextLink } from '../components/TextLink';
import { HOME } from '../redirects';

interface NotFoundPageProps {
  title?: string;
  words?: string;
}

export function NotFoundPage({
  title = 'Page not found',
  words = 'There is nothing at this address. It may have been mistyped.',
}: NotFoundPageProps) {
  return (
    <div className="mx-auto w-full max-w-120 sm:pt-6">
      <Shelf />
      <Page
        title={title}
        className="flex flex-col items-start gap-3 rounded-xl border border-line/40 bg-card p-5 sm:p-7"
      >
        <p>{words}</p>
        <TextLink to={HOME} className="inline-block py-2.5">
          To the books
        </TextLink>
      </Page>
    </div>
  );
}
