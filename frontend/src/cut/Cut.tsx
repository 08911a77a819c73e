import { memo } from "react";
import { cutOf } from "./cuts";
import type { Layer } from "./shapes";

/** A species cut across. It decorates: the name always stands beside it. */
export const Cut = memo(function Cut({ species, className }: { species: string | null; className?: string }) {
  return (
    <svg className={className} viewBox="-100 -100 200 200" aria-hidden="true" focusable="false">
      <Layers layers={cutOf(species).layers} />
    </svg>
  );
});

export function Layers({ layers }: { layers: readonly Layer[] }) {
  return layers.map(({ path, fill, stroke, open }, index) => (
    <path
      key={index}
      d={path}
      fill={open ? "none" : fill}
      {...(stroke ? { stroke: fill, strokeWidth: stroke, strokeLinejoin: "round" as const, strokeLinecap: "round" as const } : {})}
    />
  ));
}
