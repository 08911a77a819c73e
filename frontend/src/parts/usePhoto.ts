import { useEffect, useState } from "react";

/** An address for a blob, given back when it is no longer shown. */
export function usePhoto(photo: Blob | null | undefined): string | null {
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
