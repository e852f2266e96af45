import { highlight } from './highlight';

/** Text with what was searched for set off, by an underline as well as by the colour of the person's own words. */
export function Highlighted({ text, words }: { text: string; words: readonly string[] }) {
  if (words.length === 0) return text;
  return highlight(text, words).map(({ text, hit }, at) =>
    hit ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the pieces have no other identity
      <mark key={at} className="bg-transparent text-own underline decoration-2 underline-offset-2">
        {text}
      </mark>
    ) : (
      text
    ),
  );
}
