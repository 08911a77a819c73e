import { useEffect, useState } from "react";
import { Link } from "wouter";
import { useUser } from "../../api/session";
import { useCatalogue } from "../../catalogue/catalogue";
import { coloursOf } from "../../cut/colour";
import { Cut } from "../../cut/Cut";
import { deleteAll, deleteRemote, remoteHistory } from "../../history/account";
import { fromAccount } from "../../history/away";
import { shownSpecies, useScans, type Scan } from "../../history/store";
import { capital, useWords } from "../../i18n/useWords";
import { Confirm } from "../../parts/Confirm";
import { Fill } from "../../parts/Fill";
import { notDone } from "../../parts/notDone";
import { Page } from "../../parts/Page";
import { usePhotoOf } from "../../parts/usePhoto";
import { announce } from "../../state/announce";
import "./History.css";

interface Shown {
  scan: Scan;
  /** Not on this device. */
  away: boolean;
}

export function History() {
  const { say } = useWords();
  const here = useScans() ?? [];
  const owner = useUser();
  const { remote, setRemote, missing } = useRemote(owner?.id);
  const [asking, setAsking] = useState<"all" | Scan | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const all = together(here, remote);

  async function remove(what: "all" | Scan) {
    setProblem(null);
    try {
      await (what === "all" ? deleteAll() : deleteRemote(what.id));
      setRemote(what === "all" ? [] : remote.filter((scan) => scan.id !== what.id));
      announce(say("deleted"));
    } catch (error) {
      setProblem(notDone("notDeleted", error, say));
    }
  }
  const clearing = say(owner ? "historyClearAccount" : "historyClear");

  return (
    <Page title={say("historyTitle")} className="sheet history">
      <h1 className="title">
        <Fill most={110}>{say("historyTitle")}</Fill>
      </h1>
      {all.length ? null : (
        <>
          <p className="large">{say("historyEmpty")}</p>
          <Link className="button" href="/">
            {say("takePhoto")}
          </Link>
        </>
      )}
      {missing ? <p className="quietly">{say("elsewhereMissing")}</p> : null}
      <ul className="scans">
        {all.map(({ scan, away }) => (
          <Row key={scan.id} scan={scan} away={away} onDelete={() => setAsking(scan)} />
        ))}
      </ul>
      {all.length ? (
        <button type="button" className="button quiet" onClick={() => setAsking("all")}>
          {clearing}
        </button>
      ) : null}
      <div role="alert">{problem ? <p className="problem">{problem}</p> : null}</div>
      {asking ? (
        <Confirm
          title={asking === "all" ? clearing : say("deleteScan")}
          text={say(asking !== "all" ? "deleteElsewhere" : owner ? "historyClearBoth" : "historyClearConfirm")}
          action={asking === "all" ? clearing : say("delete")}
          onConfirm={() => void remove(asking)}
          onClose={() => setAsking(null)}
        />
      ) : null}
    </Page>
  );
}

/** Those of this device and those of the account's other devices, newest first. */
function together(here: readonly Scan[], remote: readonly Scan[]): readonly Shown[] {
  const known = new Set(here.flatMap((own) => [own.id, own.remote]));
  const elsewhere = remote.filter(({ id }) => !known.has(id)).map((scan) => ({ scan, away: true }));
  const own = here.map((scan) => ({ scan, away: false }));
  return [...own, ...elsewhere].sort((one, other) => other.scan.at.localeCompare(one.scan.at));
}

function useRemote(owner: string | undefined) {
  const [remote, setRemote] = useState<readonly Scan[]>([]);
  const [missing, setMissing] = useState(false);
  useEffect(() => {
    let wanted = true;
    const ask = async () => (owner ? (await remoteHistory()).map((item) => fromAccount(item, owner)) : []);
    const keep = (items: readonly Scan[], failed: boolean) => {
      if (!wanted) return;
      setRemote(items);
      setMissing(failed);
    };
    ask().then(
      (items) => keep(items, false),
      () => keep([], true),
    );
    return () => {
      wanted = false;
    };
  }, [owner]);
  return { remote, setRemote, missing };
}

function Row({ scan, away, onDelete }: Shown & { onDelete(): void }) {
  const { say, date } = useWords();
  const address = usePhotoOf(scan, "thumb");
  const species = shownSpecies(scan);
  const what = `${useName(species)}, ${date(scan.at, { dateStyle: "long", timeStyle: "short" })}`;
  return (
    <li>
      <Link href={`/scan/${scan.id}`} className="scan-one">
        <Thumb address={address} species={species} />
        <Name species={species} at={scan.at} perhaps={!scan.correction && !scan.recognition.sure} {...(away ? { note: say("elsewhere") } : {})} />
      </Link>
      {away ? (
        <button type="button" className="button plain" aria-label={say("deleteNamed", { name: what })} onClick={onDelete}>
          {say("delete")}
        </button>
      ) : null}
    </li>
  );
}

function Thumb({ address, species }: { address: string | null; species: string | null }) {
  return (
    <span className="scan-thumb" style={coloursOf(species)}>
      {address ? <img src={address} alt="" loading="lazy" /> : <Cut species={species} />}
    </span>
  );
}

function useName(species: string | null): string {
  const { say, pick } = useWords();
  const state = useCatalogue();
  if (!species) return say("noFruit");
  const known = state.state === "ready" ? state.species[species] : undefined;
  return known ? pick(known.name) : species;
}

function Name({ species, at, note, perhaps }: { species: string | null; at: string; note?: string; perhaps?: boolean }) {
  const { say, date } = useWords();
  const name = useName(species);
  return (
    <span className="scan-name">
      <b>{capital(species && perhaps ? `${say("perhaps")} ${name}` : name)}</b>
      <time dateTime={at}>{date(at, { day: "numeric", month: "long", hour: "numeric", minute: "2-digit" })}</time>
      {note ? <small>{note}</small> : null}
    </span>
  );
}
