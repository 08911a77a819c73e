import type { Pixels } from "./resample";

/** The longest side, in pixels, of what is recognised, kept on the device and sent. */
export const LONGEST_SIDE = 640;
const JPEG_QUALITY = 0.85;

/** A photo made upright and small; the file's own metadata (place, device) stays behind. */
export interface Prepared {
  pixels: Pixels;
  jpeg: Blob;
}

/** Thrown when this browser cannot open the file; the server may still (HEIC). */
export class UnreadablePhotoError extends Error {}

export async function prepare(file: Blob | HTMLVideoElement): Promise<Prepared> {
  const source = await open(file);
  const { width, height } = fit(source);
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new UnreadablePhotoError("no canvas");
  // As on the server: what is transparent lies on white.
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, width, height);
  if ("close" in source) source.close();
  const { data } = context.getImageData(0, 0, width, height);
  const jpeg = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", JPEG_QUALITY));
  if (!jpeg) throw new UnreadablePhotoError("the canvas gives no JPEG");
  return { pixels: { data, width, height, channels: 4 }, jpeg };
}

async function open(file: Blob | HTMLVideoElement): Promise<ImageBitmap | HTMLVideoElement> {
  if (!(file instanceof Blob)) return file;
  try {
    // The server applies no colour profile either.
    return await createImageBitmap(file, { imageOrientation: "from-image", colorSpaceConversion: "none" });
  } catch (cause) {
    throw new UnreadablePhotoError("this browser does not open the file", { cause });
  }
}

function fit(source: ImageBitmap | HTMLVideoElement): { width: number; height: number } {
  const [width, height] =
    "videoWidth" in source ? [source.videoWidth, source.videoHeight] : [source.width, source.height];
  const ratio = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * ratio)), height: Math.max(1, Math.round(height * ratio)) };
}
