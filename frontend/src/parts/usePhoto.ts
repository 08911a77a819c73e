import { useEffect, useState } from "react";
import { photoAddress } from "../history/account";
import type { Scan } from "../history/store";

/** An address for the photo of a scan: the device's own; the account's copy where the device has none. */
export function usePhotoOf(scan: Scan, size: "thumb" | "full"): string | null {
  const own = usePhoto(scan.photo);
  return scan.photo ? own : photoAddress(scan, size);
}

/** An address for a blob, given back when it is no longer shown. */
function usePhoto(photo: Blob | null): string | null {
  const [address, setAddress] = useState<string | null>(null);
  useEffect(() => {
    if (!photo) {
      setAddress(null);
      return;
    }
    const made = URL.createObjectURL(photo);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [photo]);
  return address;
}
