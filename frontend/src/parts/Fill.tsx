import { useLayoutEffect, useRef } from "react";

const NARROWEST = 62;
const WIDEST = 125;
const MEASURED_AT = 100;

/**
 * Words set so that each line fills its box: the type grows wider or narrower (Archivo's width axis) before it grows
 * or shrinks. Short names stand wide, long names stand tall.
 */
export function Fill({ children, most = 160 }: { children: string; most?: number }) {
  const box = useRef<HTMLSpanElement>(null);
  const lines = breakLines(children);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const set = () => {
      for (const line of element.children) fit(line as HTMLElement, element.clientWidth, most);
    };
    set();
    const observer = new ResizeObserver(set);
    observer.observe(element);
    void document.fonts?.ready.then(set);
    return () => observer.disconnect();
  }, [children, most]);
  return (
    <span className="fill" ref={box}>
      {lines.map((line, index) => (
        <span className="fill-line" key={index}>
          {index ? ` ${line}` : line}
        </span>
      ))}
    </span>
  );
}

function fit(line: HTMLElement, width: number, most: number): void {
  if (!width) return;
  const wide = measure(line, WIDEST);
  const narrow = measure(line, NARROWEST);
  const wanted = (width / most) * MEASURED_AT;
  let stretch = WIDEST;
  let size = most;
  if (narrow >= wanted) {
    stretch = NARROWEST;
    size = (width / narrow) * MEASURED_AT;
  } else if (wide > wanted) stretch = NARROWEST + ((wanted - narrow) / (wide - narrow)) * (WIDEST - NARROWEST);
  line.style.fontStretch = `${stretch.toFixed(1)}%`;
  line.style.fontSize = `${(size * 0.985).toFixed(1)}px`;
}

function measure(line: HTMLElement, stretch: number): number {
  line.style.fontSize = `${MEASURED_AT}px`;
  line.style.fontStretch = `${stretch}%`;
  return line.getBoundingClientRect().width;
}

/** Two lines for a long name of several words, broken where they come out most alike. */
export function breakLines(words: string): string[] {
  const parts = words.split(" ");
  if (parts.length < 2 || words.length < 10) return [words];
  const cuts = parts.slice(1).map((_, index) => [parts.slice(0, index + 1).join(" "), parts.slice(index + 1).join(" ")] as const);
  const uneven = ([one, two]: readonly [string, string]) => Math.abs(one.length - two.length);
  return [...cuts.reduce((best, cut) => (uneven(cut) < uneven(best) ? cut : best))];
}
