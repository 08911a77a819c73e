import { useEffect, useState } from "react";
import { Link } from "wouter";
import { useUser } from "../../api/session";
import { useCatalogue } from "../../catalogue/catalogue";
import { coloursOf } from "../../cut/colour";
import { Cut } from "../../cut/Cut";
import { deleteAll, deleteRemote, remoteHistory, type RemoteScan } from "../../history/account";
import { shownSpecies, useScans, type Scan } from "../../history/store";
import { capital, useWords } from "../../i18n/useWords";
import { Confirm } from "../../parts/Confirm";
import { Fill } from "../../parts/Fill";
import { notDeleted } from "../../parts/notDeleted";
import { Page } from "../../parts/Page";
import { usePhoto } from "../../parts/usePhoto";
import { announce } from "../../state/announce";
import "./History.css";

export function History() {
  const { say } = useWords();
  const here = useScans() ?? [];
  const owner = useUser();
  const [remote, setRemote] = useRemote(owner?.id);
  const [asking, setAsking] = useState<"all" | RemoteScan | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const elsewhere = remote.filter((scan) => !here.some((own) => own.remote === scan.id));

  async function remove(what: "all" | RemoteScan) {
    setProblem(null);
    try {
      await (what === "all" ? deleteAll() : deleteRemote(what.id));
      setRemote(what === "all" ? [] : remote.filter((scan) => scan.id !== what.id));
      announce(say("deleted"));
    } catch (error) {
      setProblem(notDeleted(error, say));
    }
  }
  const clearing = say(owner ? "historyClearAccount" : "historyClear");

  return (
    <Page title={say("historyTitle")} className="sheet history">
      <h1 className="title">
        <Fill most={110}>{say("historyTitle")}</Fill>
      </h1>
      {here.length || elsewhere.length ? null : (
        <>
          <p className="large">{say("historyEmpty")}</p>
          <Link className="button" href="/">
            {say("takePhoto")}
          </Link>
        </>
      )}
      <ul className="scans">
        {here.map((scan) => (
          <Own key={scan.id} scan={scan} />
        ))}
        {elsewhere.map((scan) => (
          <Remote key={scan.id} scan={scan} onDelete={() => setAsking(scan)} />
        ))}
      </ul>
      {here.length || elsewhere.length ? (
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

function useRemote(owner: string | undefined) {
  const [found, setFound] = useState<readonly RemoteScan[]>([]);
  useEffect(() => {
    let wanted = true;
    const empty: RemoteScan[] = [];
    const ask = owner ? remoteHistory().catch(() => empty) : Promise.resolve(empty);
    void ask.then((items) => wanted && setFound(items));
    return () => {
      wanted = false;
    };
  }, [owner]);
  return [found, setFound] as const;
}

function Own({ scan }: { scan: Scan }) {
  const address = usePhoto(scan.photo);
  return (
    <li>
      <Link href={`/scan/${scan.id}`} className="scan-one">
        <Thumb address={address} species={shownSpecies(scan)} />
        <Name species={shownSpecies(scan)} at={scan.at} perhaps={!scan.correction && !scan.recognition.sure} />
      </Link>
    </li>
  );
}

function Remote({ scan, onDelete }: { scan: RemoteScan; onDelete(): void }) {
  const { say, date } = useWords();
  const species = scan.correction?.species ?? (scan.recognition.is_produce ? scan.recognition.species : null);
  const what = `${useName(species)}, ${date(scan.scanned_at, { dateStyle: "long", timeStyle: "short" })}`;
  const content = (
    <>
      <Thumb address={scan.photo?.thumb_url ?? null} species={species} />
      <Name species={species} at={scan.scanned_at} note={say("elsewhere")} perhaps={!scan.correction && !scan.recognition.sure} />
    </>
  );
  return (
    <li>
      {species ? (
        <Link href={`/species/${species}`} className="scan-one">
          {content}
        </Link>
      ) : (
        <span className="scan-one">{content}</span>
      )}
      <button
        type="button"
        className="button plain"
        aria-label={say("deleteNamed", { name: what })}
        onClick={onDelete}
      >
        {say("delete")}
      </button>
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
