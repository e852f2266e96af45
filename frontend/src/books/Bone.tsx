/** A grey block in the place of something that still loads; drawn only once that takes noticeable time. */
export function Bone({ className }: { className: string }) {
  return <div aria-hidden="true" className={`appear-late rounded bg-line/30 ${className}`} />;
}
