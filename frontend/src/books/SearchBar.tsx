import { type KeyboardEvent, type RefObject, useEffect } from 'react';
import { Icon } from '../components/Icon';
import { SortChoice } from './SortChoice';
import type { Sort } from './search';

interface SearchBarProps {
  input: RefObject<HTMLInputElement | null>;
  query: string;
  sort: Sort;
  /** How many books there are to see. */
  count: string;
  onQuery: (query: string) => void;
  onSort: (sort: Sort) => void;
  /** Arrow down: on to the first book. */
  onDown: () => void;
}

/** Where one searches and sorts the books. */
export function SearchBar({ input, query, sort, count, onQuery, onSort, onDown }: SearchBarProps) {
  return (
    // The search stays in sight while one scrolls: the list is long, and so is the way back up.
    <search className="contents">
      <div className="sticky top-0 z-10 -mx-4 -my-2 bg-page px-4 py-2">
        <SearchInput input={input} query={query} onQuery={onQuery} onDown={onDown} />
      </div>
      <div className="flex items-center justify-between gap-4">
        <p role="status" className="text-muted tabular-nums">
          {count}
        </p>
        <SortChoice sort={sort} onSort={onSort} />
      </div>
    </search>
  );
}

type SearchInputProps = Pick<SearchBarProps, 'input' | 'query' | 'onQuery' | 'onDown'>;

function SearchInput({ input, query, onQuery, onDown }: SearchInputProps) {
  useSlashKey(input);

  const clear = () => {
    onQuery('');
    input.current?.focus();
  };

  const operate = (event: KeyboardEvent) => {
    if (event.key === 'Escape') clear();
    else if (event.key === 'ArrowDown') onDown();
    else return;
    event.preventDefault();
  };

  return (
    <div className="relative">
      <Icon
        name="search"
        className="pointer-events-none absolute inset-y-0 left-3 my-auto size-5 text-muted"
      />
      <input
        ref={input}
        type="search"
        aria-label="Search the books"
        aria-keyshortcuts="/"
        placeholder="Title, author or ISBN"
        autoComplete="off"
        spellCheck={false}
        enterKeyHint="search"
        value={query}
        onChange={(event) => onQuery(event.currentTarget.value)}
        onKeyDown={operate}
        className="peer min-h-11 w-full appearance-none rounded-lg border border-line bg-field pr-12 pl-11 text-base text-own placeholder:text-muted"
      />
      {query === '' ? <SlashHint /> : <ClearButton onClear={clear} />}
    </div>
  );
}

/** The key `/` leads to the search from everywhere on the page but a field. */
function useSlashKey(input: RefObject<HTMLInputElement | null>) {
  useEffect(() => {
    const focusOnSlash = (event: globalThis.KeyboardEvent) => {
      const isChord = event.ctrlKey || event.metaKey || event.altKey;
      if (event.key !== '/' || isChord || isTyping(event.target)) return;
      event.preventDefault();
      input.current?.select();
    };
    addEventListener('keydown', focusOnSlash);
    return () => removeEventListener('keydown', focusOnSlash);
  }, [input]);
}

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && target.matches('input:not([type="radio"]), textarea, select');

function SlashHint() {
  return (
    <span
      className="pointer-events-none absolute inset-y-0 right-3 my-auto hidden h-6 rounded border border-line/60 px-2 text-sm leading-5.5 text-muted peer-focus:hidden sm:pointer-fine:block"
      aria-hidden="true"
    >
      /
    </span>
  );
}

function ClearButton({ onClear }: { onClear: () => void }) {
  return (
    <button
      type="button"
      aria-label="Clear the search"
      onClick={onClear}
      className="absolute inset-y-0 right-0 grid w-11 cursor-pointer place-items-center rounded-lg text-muted hover:text-fg"
    >
      <Icon name="close" />
    </button>
  );
}
