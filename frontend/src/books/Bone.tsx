/** A place where something will be. */
export function Bone({ className }: { className: string }) {
  return <div aria-hidden="true" className={`appear-late rounded bg-line/30 ${className}`} />;
}
