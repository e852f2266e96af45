import { Icon } from '../components/Icon';
import { isSort, SORTS, type Sort } from './search';

/** In which order the books are shown. */
export function SortChoice({ sort, onSort }: { sort: Sort; onSort: (sort: Sort) => void }) {
  return (
    <div className="relative">
      <select
        aria-label="Sort by"
        value={sort}
        onChange={({ currentTarget: { value } }) => isSort(value) && onSort(value)}
        className="min-h-11 w-full cursor-pointer appearance-none rounded-lg border border-line bg-field pr-10 pl-3 text-base"
      >
        {Object.entries(SORTS).map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
      <Icon
        name="down"
        className="pointer-events-none absolute inset-y-0 right-3 my-auto size-5 text-muted"
      />
    </div>
  );
}
