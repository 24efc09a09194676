/** Something that happens once and is waited for. */
export interface Gate {
  /** Resolves when the gate opens; never rejects. */
  readonly opened: Promise<void>;
  /** Opens it; again does nothing. */
  open(): void;
}

/** A closed gate. */
export function gate(): Gate {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
