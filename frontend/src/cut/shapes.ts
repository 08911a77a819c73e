/** The marks that every cut fruit is drawn with, in a square from -100 to 100; a layer is one path in one colour. */

export interface Layer {
  path: string;
  fill: string;
  /** Width of a stroke in the same colour, with round joins: it rounds the corners of what it surrounds. */
  stroke?: number;
  /** Only the stroke is drawn. */
  open?: boolean;
}

export type Point = readonly [x: number, y: number];

const TURN = 2 * Math.PI;
/** The golden angle: seeds that never line up. */
const GOLDEN = Math.PI * (3 - Math.sqrt(5));

const show = (value: number) => (Math.round(value * 10) / 10).toString();
const at = (radius: number, turn: number): Point => [
  radius * Math.sin(turn * TURN),
  -radius * Math.cos(turn * TURN),
];
const words = ([x, y]: Point) => `${show(x)} ${show(y)}`;

function circle([x, y]: Point, rx: number, ry = rx): string {
  return `M${show(x - rx)} ${show(y)}a${show(rx)} ${show(ry)} 0 1 0 ${show(2 * rx)} 0a${show(rx)} ${show(ry)} 0 1 0 ${show(-2 * rx)} 0Z`;
}

/** A closed curve through points (Catmull-Rom). */
function smooth(points: readonly Point[]): string {
  const n = points.length;
  const parts = points.map((point, i) => {
    const before = points[(i + n - 1) % n]!;
    const next = points[(i + 1) % n]!;
    const after = points[(i + 2) % n]!;
    const one: Point = [point[0] + (next[0] - before[0]) / 6, point[1] + (next[1] - before[1]) / 6];
    const two: Point = [next[0] - (after[0] - point[0]) / 6, next[1] - (after[1] - point[1]) / 6];
    return `C${words(one)} ${words(two)} ${words(next)}`;
  });
  return `M${words(points[0]!)}${parts.join("")}Z`;
}

export function disc(radius: number, fill: string, centre: Point = [0, 0]): Layer {
  return { path: circle(centre, radius), fill };
}

export function oval(rx: number, ry: number, fill: string, centre: Point = [0, 0]): Layer {
  return { path: circle(centre, rx, ry), fill };
}

export function ring(radius: number, width: number, fill: string): Layer {
  return { path: circle([0, 0], radius), fill, stroke: width, open: true };
}

/** A round with `lobes` bulges; `depth` is a share of the radius, `phase` a share of a lobe. */
export function lobed(radius: number, lobes: number, depth: number, fill: string, phase = 0): Layer {
  const count = Math.max(24, lobes * 8);
  const points = Array.from({ length: count }, (_, i) => {
    const wave = Math.cos((lobes * i * TURN) / count - phase * TURN);
    return at(radius * (1 - depth + depth * wave), i / count);
  });
  return { path: smooth(points), fill };
}

/** Rounded wedges, as in a citrus; `gap` is a share of a wedge. */
export function wedges(count: number, from: number, to: number, gap: number, fill: string, phase = 0): Layer {
  const soft = 7;
  const path = Array.from({ length: count }, (_, i) => {
    const middle = (i + phase) / count;
    const half = (1 - gap) / count / 2;
    const [left, right] = [at(to, middle - half), at(to, middle + half)];
    return `M${words(at(from, middle))}L${words(left)}A${show(to)} ${show(to)} 0 0 1 ${words(right)}Z`;
  }).join("");
  return { path, fill, stroke: soft };
}

/** Teardrops around the middle, points inwards. */
export function drops(count: number, radius: number, length: number, width: number, fill: string, phase = 0): Layer {
  const path = Array.from({ length: count }, (_, i) => {
    const turn = (i + phase) / count;
    const half = width / 2;
    const [x, y] = at(radius + length / 2 - half, turn);
    const [dx, dy] = at(half, turn + 0.25);
    const round = show(half);
    return `M${words(at(radius - length / 2, turn))}L${words([x - dx, y - dy])}A${round} ${round} 0 0 1 ${words([x + dx, y + dy])}Z`;
  }).join("");
  return { path, fill, stroke: 2 };
}

/** Ellipses around the middle, long side outwards. */
export function pips(count: number, radius: number, length: number, width: number, fill: string, phase = 0): Layer {
  const path = Array.from({ length: count }, (_, i) => {
    const turn = (i + phase) / count;
    const [a, b] = [at(radius - length / 2, turn), at(radius + length / 2, turn)];
    const angle = show(turn * 360);
    return `M${words(a)}A${show(width / 2)} ${show(length / 2)} ${angle} 1 1 ${words(b)}A${show(width / 2)} ${show(length / 2)} ${angle} 1 1 ${words(a)}Z`;
  }).join("");
  return { path, fill };
}

/** Round seeds spread as in a sunflower between two radii. */
export function spread(count: number, from: number, to: number, size: number, fill: string): Layer {
  const path = Array.from({ length: count }, (_, i) => {
    const radius = Math.sqrt(from * from + ((to * to - from * from) * (i + 0.5)) / count);
    const angle = i * GOLDEN;
    return circle([radius * Math.sin(angle), radius * Math.cos(angle)], size);
  }).join("");
  return { path, fill };
}

/** Round marks in one circle. */
export function beads(count: number, radius: number, size: number, fill: string, phase = 0): Layer {
  const path = Array.from({ length: count }, (_, i) => circle(at(radius, (i + phase) / count), size)).join("");
  return { path, fill };
}

export function rays(count: number, from: number, to: number, width: number, fill: string, phase = 0): Layer {
  const path = Array.from({ length: count }, (_, i) => {
    const turn = (i + phase) / count;
    return `M${words(at(from, turn))}L${words(at(to, turn))}`;
  }).join("");
  return { path, fill, stroke: width, open: true };
}

/** A star with soft points. */
export function star(points: number, outer: number, inner: number, fill: string, soft = 4, phase = 0): Layer {
  const corners = Array.from({ length: points * 2 }, (_, i) =>
    words(at(i % 2 ? inner : outer, (i / 2 + phase) / points)),
  );
  return { path: `M${corners.join("L")}Z`, fill, stroke: soft };
}

/** Marks at given places. */
export function seeds(places: readonly Point[], size: number, fill: string): Layer {
  return { path: places.map((place) => circle(place, size)).join(""), fill };
}

/** A free closed curve. */
export function blob(points: readonly Point[], fill: string): Layer {
  return { path: smooth(points), fill };
}
