import "./skeleton.css";

/** Where something is about to be: quiet blocks of about its shape. */
export function Skeleton({ what, lines = 3 }: { readonly what: string; readonly lines?: number }) {
  return (
    <div class="skeleton" role="status" aria-label={`Loading ${what}`}>
      {Array.from({ length: lines }, (_, i) => (
        <span key={i} />
      ))}
    </div>
  );
}
