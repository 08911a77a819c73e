import { useEffect, useRef, type CSSProperties, type ReactNode } from "react";

interface Props {
  /** Of the document; "Fruits!" is added. */
  title: string;
  children: ReactNode;
  className?: string;
  style?: CSSProperties;
}

let first = true;

/** A page of the app: its title, and the focus on its heading when it was not the first to be opened. */
export function Page({ title, children, className = "", style }: Props) {
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    document.title = `${title} · Fruits!`;
  }, [title]);
  useEffect(() => {
    if (!first) {
      window.scrollTo(0, 0);
      main.current?.focus({ preventScroll: true });
    }
    first = false;
  }, []);
  return (
    <main id="content" className={`page ${className}`} style={style} tabIndex={-1} ref={main}>
      {children}
    </main>
  );
}
