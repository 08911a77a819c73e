import type { Scan } from "../../history/store";

/** One JSON file of all scans of this device, photos inside as data addresses. */
export async function exportDevice(scans: readonly Scan[]): Promise<void> {
  const content = await Promise.all(
    scans.map(async ({ photo, token: _, ...rest }) => ({ ...rest, photo: photo && (await asDataAddress(photo)) })),
  );
  const file = new Blob([JSON.stringify({ scans: content }, null, 1)], { type: "application/json" });
  const address = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = address;
  link.download = "fruits.json";
  link.click();
  URL.revokeObjectURL(address);
}

function asDataAddress(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error ?? new Error("the photo cannot be read"));
    reader.readAsDataURL(blob);
  });
}
