import { useEffect, useState } from "react";
import { Link, useLocation } from "wouter";
import type { Catalogue } from "../../api/types";
import { shownSpecies, type Correction, type Scan } from "../../history/store";
import { useWords, type Say } from "../../i18n/useWords";
import { Confirm } from "../../parts/Confirm";
import { notDone } from "../../parts/notDone";
import { Page } from "../../parts/Page";
import { Picker } from "../../parts/Picker";
import { announce } from "../../state/announce";
import { Card } from "../Species/Card";
import { Candidates } from "./Candidates";
import { Header } from "./Header";
import { Whereabouts } from "./Whereabouts";

interface Props {
  scan: Scan;
  catalogue: Catalogue;
  /** Not on this device. */
  away?: boolean;
  onCorrect(correction: Correction): Promise<void>;
  onDelete(): Promise<void>;
}

/** An answer: what it is, what else it may be, where it was found and kept, and the card of the species. */
export function Found({ scan, catalogue, away = false, onCorrect, onDelete }: Props) {
  const { say, pick } = useWords();
  const [, go] = useLocation();
  const [asking, setAsking] = useState<"species" | "deletion" | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const name = (id: string | null) => (id && catalogue[id] ? pick(catalogue[id].name) : (id ?? ""));
  const shown = shownSpecies(scan);
  // Of two that it may be, neither card is shown as if it were the answer.
  const told = scan.correction !== null || scan.recognition.sure;
  const species = shown && told ? catalogue[shown] : undefined;

  useEffect(() => {
    announce(spoken(scan, name, say));
    // Spoken once, when the answer arrives; a correction is spoken by `choose`.
  }, []);

  async function choose(chosen: string, variety: string | null) {
    setAsking(null);
    setProblem(null);
    try {
      await onCorrect({ species: chosen, variety });
      announce(say("correctedAnswer", { name: name(chosen) }));
    } catch (error) {
      setProblem(notDone("notNoted", error, say));
    }
  }

  async function remove() {
    setProblem(null);
    try {
      await onDelete();
      announce(say("deleted"));
      go("/history");
    } catch (error) {
      setProblem(notDone("notDeleted", error, say));
    }
  }

  return (
    <Page title={name(shown) || say("noFruit")}>
      <Header scan={scan} catalogue={catalogue} onChoose={(id) => void choose(id, null)} />
      <div className="sheet answer-actions">
        <div className="row">
          <Link className="button" href="/">
            {say("another")}
          </Link>
          <button type="button" className="button quiet" onClick={() => setAsking("species")}>
            {say(scan.recognition.is_produce || scan.correction ? "noItIs" : "itIsAfterAll")}
          </button>
        </div>
        {scan.correction ? <p role="note">{say("iSaid", { name: name(scan.recognition.species) })}</p> : null}
        <Candidates scan={scan} catalogue={catalogue} onChoose={(id, variety) => void choose(id, variety)} />
        <Whereabouts scan={scan} away={away} onDelete={() => (away ? setAsking("deletion") : void remove())} />
        <div role="alert">{problem ? <p className="problem">{problem}</p> : null}</div>
      </div>
      {species ? <Card species={species} catalogue={catalogue} /> : null}
      {asking === "species" ? (
        <Picker
          catalogue={catalogue}
          likely={scan.recognition.candidates.map((candidate) => candidate.species)}
          onPick={(id, variety) => void choose(id, variety)}
          onClose={() => setAsking(null)}
        />
      ) : null}
      {asking === "deletion" ? (
        <Confirm
          title={say("deleteScan")}
          text={say("deleteElsewhere")}
          action={say("delete")}
          onConfirm={() => void remove()}
          onClose={() => setAsking(null)}
        />
      ) : null}
    </Page>
  );
}

function spoken(scan: Scan, name: (id: string | null) => string, say: Say): string {
  const { recognition, correction } = scan;
  if (correction) return say("corrected", { name: name(correction.species) });
  if (!recognition.is_produce) return say("noFruitAnswer");
  if (recognition.sure) return say("sureAnswer", { name: name(recognition.species), percent: Math.round(recognition.confidence * 100) });
  const [one, two] = recognition.candidates;
  return say("unsureAnswer", { one: name(one?.species ?? null), two: name(two?.species ?? null) });
}
