import { useEffect, useId, useRef, type ReactNode } from "react";
import { useWords } from "../i18n/useWords";
import "./Dialog.css";

interface Props {
  title: string;
  children: ReactNode;
  onClose(): void;
}

/** A modal dialogue of the browser's own: it keeps the focus, Escape closes it; `data-first` gets the focus. */
export function Dialog({ title, children, onClose }: Props) {
  const { say } = useWords();
  const box = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const dialog = box.current;
    const opener = document.activeElement as HTMLElement | null;
    if (!dialog?.open) dialog?.showModal();
    dialog?.querySelector<HTMLElement>("[data-first]")?.focus();
    return () => opener?.focus();
  }, []);
  return (
    <dialog className="dialog" ref={box} aria-labelledby={heading} onClose={onClose}>
      <header className="dialog-head">
        <h2 id={heading}>{title}</h2>
        <button type="button" className="button quiet" onClick={onClose}>
          {say("close")}
        </button>
      </header>
      {children}
    </dialog>
  );
}
