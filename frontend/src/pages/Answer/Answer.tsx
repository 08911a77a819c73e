import { useRef } from "react";
import { useParams } from "wouter";
import { useCatalogue } from "../../catalogue/catalogue";
import type { Catalogue } from "../../api/types";
import { correct, deleteScan } from "../../history/account";
import { useScans, type Scan } from "../../history/store";
import { useWords } from "../../i18n/useWords";
import { Waiting } from "../../parts/Waiting";
import { Away } from "./Away";
import { Found } from "./Found";
import { Gone } from "./Gone";
import "./Answer.css";

/** The answer to one photo, of this device or of another one of the account. */
export function Answer() {
  const { id } = useParams<{ id: string }>();
  return <Asked key={id} id={id} />;
}

function Asked({ id }: { id: string }) {
  const { say } = useWords();
  const state = useCatalogue();
  const all = useScans();
  const wasHere = useRef(false);
  if (all === null || state.state !== "ready") return <Waiting title={say("scan")} failed={state.state === "failed"} />;
  const scan = all.find((one) => one.id === id);
  if (scan) {
    wasHere.current = true;
    return <Here scan={scan} catalogue={state.species} />;
  }
  // Deleted while it was shown, it is not looked for elsewhere.
  return wasHere.current ? <Gone word="scanGone" /> : <Away id={id} catalogue={state.species} />;
}

function Here({ scan, catalogue }: { scan: Scan; catalogue: Catalogue }) {
  return (
    <Found
      scan={scan}
      catalogue={catalogue}
      onCorrect={(correction) => correct(scan.id, correction)}
      onDelete={() => deleteScan(scan.id)}
    />
  );
}
