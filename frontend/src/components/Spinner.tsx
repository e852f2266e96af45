/** Says that something is on its way, at the end of its button, and only once that takes noticeable time. */
export function Spinner() {
  return (
    <span className="appear-late absolute right-4" aria-hidden="true">
      <span className="block size-5 animate-spin rounded-full border-2 border-current border-t-transparent" />
    </span>
  );
}
