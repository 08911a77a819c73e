/**
 * Pillow's antialiased BICUBIC stretch for 8-bit pixels, to the bit.
 *
 * The server resizes with Pillow, so the browser must too: the same support that grows with the ratio, the same two
 * passes with rounding to 8 bits between them, the same coefficients rounded to 22 bits (Pillow, libImaging/Resample.c).
 * `scripts/make_vectors.py` writes what Pillow itself answers; `resample.test.ts` holds this file to it.
 */

const PRECISION_BITS = 32 - 8 - 2;
const HALF = 1 << (PRECISION_BITS - 1);
const SUPPORT = 2;
const A = -0.5;

interface Kernel {
  /** First input position of each output position. */
  starts: Int32Array;
  /** How many input positions each output position reads. */
  counts: Int32Array;
  /** Coefficients in fixed point, `width` for each output position. */
  weights: Int32Array;
  width: number;
}

/** Pixels as a canvas gives them (4 channels) or packed (3 channels). */
export interface Pixels {
  data: Uint8Array | Uint8ClampedArray;
  width: number;
  height: number;
  channels: 3 | 4;
}

/** Stretch the whole picture to `size` x `size`: uint8 RGB, row by row. A fourth channel is left out. */
export function stretch(picture: Pixels, size: number): Uint8Array {
  const { width, height, channels } = picture;
  if (width < 1 || height < 1) throw new RangeError("a picture needs at least one pixel");
  const across = width === size ? pack(picture) : horizontal(picture.data, width, height, channels, size);
  return height === size ? across : vertical(across, size, height, size);
}

function pack({ data, channels }: Pixels): Uint8Array {
  if (channels === 3) return Uint8Array.from(data);
  const packed = new Uint8Array((data.length / 4) * 3);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    packed[to] = data[from]!;
    packed[to + 1] = data[from + 1]!;
    packed[to + 2] = data[from + 2]!;
  }
  return packed;
}

function horizontal(data: Pixels["data"], width: number, height: number, channels: number, size: number): Uint8Array {
  const kernel = makeKernel(width, size);
  const out = new Uint8Array(height * size * 3);
  for (let y = 0, to = 0; y < height; y++) {
    const row = y * width * channels;
    for (let x = 0; x < size; x++, to += 3) {
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      let from = row + kernel.starts[x]! * channels;
      let at = x * kernel.width;
      for (let left = kernel.counts[x]!; left > 0; left--, from += channels, at++) {
        const weight = kernel.weights[at]!;
        red += data[from]! * weight;
        green += data[from + 1]! * weight;
        blue += data[from + 2]! * weight;
      }
      out[to] = clip(red);
      out[to + 1] = clip(green);
      out[to + 2] = clip(blue);
    }
  }
  return out;
}

function vertical(data: Uint8Array, width: number, height: number, size: number): Uint8Array {
  const kernel = makeKernel(height, size);
  const line = width * 3;
  const out = new Uint8Array(size * line);
  const sums = new Int32Array(line);
  for (let y = 0; y < size; y++) {
    sums.fill(HALF);
    for (let k = 0; k < kernel.counts[y]!; k++) {
      const weight = kernel.weights[y * kernel.width + k]!;
      const from = (kernel.starts[y]! + k) * line;
      for (let x = 0; x < line; x++) sums[x] = sums[x]! + data[from + x]! * weight;
    }
    for (let x = 0; x < line; x++) out[y * line + x] = clip(sums[x]!);
  }
  return out;
}

function makeKernel(from: number, to: number): Kernel {
  const scale = from / to;
  const stretchBy = Math.max(scale, 1);
  const support = SUPPORT * stretchBy;
  const width = Math.ceil(support) * 2 + 1;
  const kernel: Kernel = {
    starts: new Int32Array(to),
    counts: new Int32Array(to),
    weights: new Int32Array(to * width),
    width,
  };
  const exact = new Float64Array(width);
  const inverse = 1 / stretchBy;
  for (let position = 0; position < to; position++) {
    const centre = (position + 0.5) * scale;
    const first = Math.max(Math.trunc(centre - support + 0.5), 0);
    const count = Math.min(Math.trunc(centre + support + 0.5), from) - first;
    let sum = 0;
    for (let k = 0; k < count; k++) {
      exact[k] = bicubic((k + first - centre + 0.5) * inverse);
      sum += exact[k]!;
    }
    kernel.starts[position] = first;
    kernel.counts[position] = count;
    for (let k = 0; k < count; k++) kernel.weights[position * width + k] = fixed(exact[k]! / sum);
  }
  return kernel;
}

function bicubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return ((A + 2) * x - (A + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * A;
  return 0;
}

function fixed(weight: number): number {
  return Math.trunc((weight < 0 ? -0.5 : 0.5) + weight * (1 << PRECISION_BITS));
}

function clip(sum: number): number {
  const value = sum >> PRECISION_BITS;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}
