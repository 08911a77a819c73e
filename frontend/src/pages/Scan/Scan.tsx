import { useState, type DragEvent } from "react";
import { Link, useLocation } from "wouter";
import { ApiError } from "../../api/http";
import { fruitOfTheDay } from "../../catalogue/season";
import { catalogue } from "../../catalogue/catalogue";
import { coloursOf } from "../../cut/colour";
import { Cut } from "../../cut/Cut";
import { UnreadablePhotoError } from "../../engine/photo";
import { NobodyAnswersError, scan } from "../../history/scan";
import { capital, useWords } from "../../i18n/useWords";
import type { Say } from "../../i18n/useWords";
import type { Word } from "../../i18n/words";
import { Fill } from "../../parts/Fill";
import { Page } from "../../parts/Page";
import { announce } from "../../state/announce";
import { useStore } from "../../state/store";
import { canUseCamera, useCamera } from "./camera";
import { EngineLine } from "./EngineLine";
import { usePaste } from "./usePaste";
import "./Scan.css";

/** Shown while the catalogue is on its way. */
const FIRST_CUT = "persimmon";

export function Scan() {
  const { say, pick } = useWords();
  const [, go] = useLocation();
  const [busy, setBusy] = useState<Word | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [over, setOver] = useState(false);
  const camera = useCamera();
  const state = useStore(catalogue);
  const day = state.state === "ready" ? fruitOfTheDay(state.species, new Date()) : null;

  function isBusy(word: Word) {
    setBusy(word);
    announce(say(word));
  }

  async function look(source: Blob | HTMLVideoElement) {
    setProblem(null);
    isBusy("looking");
    try {
      const made = await scan(source, () => isBusy("fileGoes"));
      camera.stop();
      go(`/scan/${made.id}`);
    } catch (error) {
      const words = explain(error, say);
      setProblem(words);
      setBusy(null);
    }
  }
  usePaste(look);

  function drop(event: DragEvent) {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer.files[0];
    if (file) void look(file);
  }

  async function shoot() {
    if (camera.video.current && !busy) await look(camera.video.current);
  }

  async function start() {
    setProblem(null);
    const refused = await camera.start();
    if (refused) setProblem(say("cameraRefused", { reason: say(refused) }));
  }

  return (
    <Page title={say("scanTitle")} className={`scan flood ${over ? "scan-over" : ""}`} style={coloursOf(day?.id ?? FIRST_CUT)}>
      <div
        className="scan-stage"
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <div className="scan-words">
          <h1>
            <Fill most={150}>{say("scanTitle")}</Fill>
          </h1>
          <p className="scan-intro">{say("scanIntro")}</p>
        </div>
        <div className={`scan-round ${camera.on ? "scan-live" : ""} ${busy ? "scan-busy" : ""}`}>
          <Cut species={day?.id ?? FIRST_CUT} className="scan-cut" />
          <video ref={camera.video} className="scan-video" aria-label={say("cameraPicture")} hidden={!camera.on} playsInline muted />
        </div>
        <div className="scan-actions">
          {camera.on ? (
            <>
              <button type="button" className="shutter" onClick={() => void shoot()} disabled={busy !== null}>
                <span className="hidden">{say("shutter")}</span>
              </button>
              <button type="button" className="button quiet" onClick={camera.stop}>
                {say("stopCamera")}
              </button>
            </>
          ) : canUseCamera() ? (
            <button type="button" className="button" onClick={() => void start()} disabled={busy !== null}>
              {busy ? say("looking") : say("takePhoto")}
            </button>
          ) : (
            <FileButton className="button" capture label={busy ? say("looking") : say("takePhoto")} onFile={look} />
          )}
          {camera.on ? null : <FileButton className="button quiet" label={say("choosePhoto")} onFile={look} />}
          <p className="scan-drop">{over ? say("dropNow") : say("dropHint")}</p>
          <div role="alert">{problem ? <p className="problem">{problem}</p> : null}</div>
          {busy === "fileGoes" ? <p className="engine">{say(busy)}</p> : <EngineLine />}
          {day ? (
            <p className="scan-day">
              {say("labelled", { label: say("today"), words: "" })}
              <Link href={`/species/${day.id}`}>{capital(pick(day.name))}</Link>
            </p>
          ) : null}
        </div>
      </div>
    </Page>
  );
}

interface FileButtonProps {
  className: string;
  label: string;
  capture?: boolean;
  onFile(file: File): void;
}

/** A file input that looks like the other buttons; with `capture` a phone opens its own camera. */
function FileButton({ className, label, capture, onFile }: FileButtonProps) {
  return (
    <label className={`${className} file`}>
      {label}
      <input
        type="file"
        accept="image/*,.heic,.heif"
        {...(capture ? { capture: "environment" as const } : {})}
        onChange={(event) => {
          const file = event.target.files?.[0];
          event.target.value = "";
          if (file) onFile(file);
        }}
      />
    </label>
  );
}

function explain(error: unknown, say: Say): string {
  if (error instanceof NobodyAnswersError) return say(error.word);
  if (error instanceof UnreadablePhotoError) return say("notAnImage");
  if (error instanceof ApiError) return error.message;
  return say("failed", { reason: error instanceof Error ? error.message : String(error) });
}
