import type { ReactNode } from 'react';
import { Page } from './Page';
import { Shelf } from './Shelf';

/** The narrow column of the screens around an account. */
export function AuthCard({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="mx-auto w-full max-w-96 sm:pt-6">
      <Shelf />
      <Page title={title} className="flex flex-col gap-5 rounded-xl border border-line/40 bg-card p-5 sm:p-7">
        {children}
      </Page>
    </div>
  );
}
