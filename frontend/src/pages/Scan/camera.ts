import { useEffect, useRef, useState, type RefObject } from "react";
import type { Word } from "../../i18n/words";

/** The camera needs a secure context: elsewhere a file input with `capture` takes its place. */
export const canUseCamera = (): boolean => window.isSecureContext && Boolean(navigator.mediaDevices?.getUserMedia);

export interface Camera {
  video: RefObject<HTMLVideoElement | null>;
  on: boolean;
  /** Why it did not start, or null. */
  start(): Promise<Word | null>;
  stop(): void;
}

export function useCamera(): Camera {
  const video = useRef<HTMLVideoElement>(null);
  const stream = useRef<MediaStream | null>(null);
  const [on, setOn] = useState(false);

  function stop() {
    for (const track of stream.current?.getTracks() ?? []) track.stop();
    stream.current = null;
    if (video.current) video.current.srcObject = null;
    setOn(false);
  }

  async function start(): Promise<Word | null> {
    try {
      const wanted = { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 960 } };
      stream.current = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
      if (!video.current) return null;
      video.current.srcObject = stream.current;
      setOn(true);
      await video.current.play();
      return null;
    } catch (error) {
      stop();
      return error instanceof DOMException && error.name === "NotAllowedError" ? "cameraDenied" : "cameraNone";
    }
  }

  useEffect(() => stop, []);
  return { video, on, start, stop };
}
