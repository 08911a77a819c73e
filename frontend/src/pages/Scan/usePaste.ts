import { useEffect, useRef } from "react";

/** Calls `onPhoto` with a picture pasted anywhere on the page. */
export function usePaste(onPhoto: (file: File) => void): void {
  const latest = useRef(onPhoto);
  latest.current = onPhoto;
  useEffect(() => {
    const paste = (event: ClipboardEvent) => {
      const file = [...(event.clipboardData?.files ?? [])].find((one) => one.type.startsWith("image/"));
      if (file) latest.current(file);
    };
    addEventListener("paste", paste);
    return () => removeEventListener("paste", paste);
  }, []);
}
