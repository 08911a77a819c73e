import { useEffect, useState } from "react";
import { Link, useLocation, useParams } from "wouter";
import { useUser } from "../../api/session";
import { useCatalogue } from "../../catalogue/catalogue";
import type { Catalogue } from "../../api/types";
import { checkKept, correct, deleteScan, remoteId } from "../../history/account";
import { shownSpecies, useScans, type Scan } from "../../history/store";
import { useWords, type Say } from "../../i18n/useWords";
import { notDeleted } from "../../parts/notDeleted";
import { Page } from "../../parts/Page";
import { Picker } from "../../parts/Picker";
import { Waiting } from "../../parts/Waiting";
import { announce } from "../../state/announce";
import { Card } from "../Species/Card";
import { Candidates } from "./Candidates";
import { Header } from "./Header";
import "./Answer.css";

export function Answer() {
  const { id } = useParams<{ id: string }>();
  const { say } = useWords();
  const state = useCatalogue();
  const all = useScans();
  if (all === null || state.state !== "ready") return <Waiting title={say("scan")} failed={state.state === "failed"} />;
  const scan = all.find((one) => one.id === id);
  if (!scan) return <Gone />;
  return <Found key={id} scan={scan} catalogue={state.species} />;
}

function Gone() {
  const { say } = useWords();
  return (
    <Page title={say("scan")} className="sheet">
      <h1 className="title">{say("scanGone")}</h1>
      <Link className="button" href="/">
        {say("another")}
      </Link>
    </Page>
  );
}

function Found({ scan, catalogue }: { scan: Scan; catalogue: Catalogue }) {
  const { say, pick } = useWords();
  const [, go] = useLocation();
  const [picking, setPicking] = useState(false);
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
    setPicking(false);
    await correct(scan.id, { species: chosen, variety });
    announce(say("correctedAnswer", { name: name(chosen) }));
  }

  async function remove() {
    try {
      await deleteScan(scan.id);
      announce(say("deleted"));
      go("/history");
    } catch (error) {
      setProblem(notDeleted(error, say));
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
          <button type="button" className="button quiet" onClick={() => setPicking(true)}>
            {say(scan.recognition.is_produce || scan.correction ? "noItIs" : "itIsAfterAll")}
          </button>
        </div>
        {scan.correction ? <p role="note">{say("iSaid", { name: name(scan.recognition.species) })}</p> : null}
        <Candidates scan={scan} catalogue={catalogue} onChoose={(id, variety) => void choose(id, variety)} />
        <Whereabouts scan={scan} onDelete={() => void remove()} />
        <div role="alert">{problem ? <p className="problem">{problem}</p> : null}</div>
      </div>
      {species ? <Card species={species} catalogue={catalogue} /> : null}
      {picking ? (
        <Picker
          catalogue={catalogue}
          likely={scan.recognition.candidates.map((candidate) => candidate.species)}
          onPick={(id, variety) => void choose(id, variety)}
          onClose={() => setPicking(false)}
        />
      ) : null}
    </Page>
  );
}

/** What is said of the photo is what the server said of it, not what the switches would have it be. */
export function Whereabouts({ scan, onDelete }: { scan: Scan; onDelete(): void }) {
  const { say } = useWords();
  const owner = useUser();
  useEffect(() => void checkKept(scan), [scan.id, scan.remote, owner?.id]);
  return (
    <p className="whereabouts">
      {say(scan.source === "device" ? "onDevice" : "onServer")}. {say(scan.kept ? "photoKept" : "photoHere")}{" "}
      <Link href="/privacy">{say("changeThat")}</Link>{" "}
      <button type="button" className="button plain" onClick={onDelete}>
        {say(scan.remote && !remoteId(scan) ? "deleteScanHere" : "deleteScan")}
      </button>
    </p>
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
