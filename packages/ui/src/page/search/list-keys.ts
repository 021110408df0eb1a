interface ListKeys {
  readonly move: (step: number) => void;
  readonly open: () => void;
}

/** Binds j and k to move in a list and enter to open, outside of text fields. @returns a function that ends it. */
export function listKeys({ move, open }: ListKeys): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if (isWriting(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "Enter" && !(event.target instanceof HTMLAnchorElement)) open();
    else return;
    event.preventDefault();
  };
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}

/** Whether a key belongs to a field, a button or a list of choices. */
export function isWriting({ target }: KeyboardEvent): boolean {
  return (
    target instanceof HTMLInputElement ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    (target instanceof HTMLButtonElement && !target.classList.contains("row"))
  );
}
