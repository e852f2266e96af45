/** Says that something is on its way, after the words of its button, and only once that takes noticeable time. */
export function Spinner() {
  return (
    <span className="appear-late" aria-hidden="true">
      <span className="block size-5 animate-spin rounded-full border-2 border-current border-t-transparent" />
    </span>
  );
}
