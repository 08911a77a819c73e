import { useEffect, useState } from "react";
import { Link } from "wouter";
import { call } from "../../api/http";
import { useUser } from "../../api/session";
import { useCatalogue } from "../../catalogue/catalogue";
import { coloursOf } from "../../cut/colour";
import { Cut } from "../../cut/Cut";
import { remoteHistory, type RemoteScan } from "../../history/account";
import { deleteAllScans, shownSpecies, useScans, type Scan } from "../../history/store";
import { capital, useWords } from "../../i18n/useWords";
import { Confirm } from "../../parts/Confirm";
import { Fill } from "../../parts/Fill";
import { Page } from "../../parts/Page";
import { usePhoto } from "../../parts/usePhoto";
import { announce } from "../../state/announce";
import "./History.css";

export function History() {
  const { say } = useWords();
  const here = useScans() ?? [];
  const owner = useUser();
  const remote = useRemote(owner?.id, here);
  const [asking, setAsking] = useState(false);
  const elsewhere = remote.filter((scan) => !here.some((own) => own.remote === scan.id));

  async function clear() {
    await deleteAllScans();
    if (owner) await call("DELETE", "/api/history");
    announce(say("deleted"));
  }

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
          <Remote key={scan.id} scan={scan} />
        ))}
      </ul>
      {here.length || elsewhere.length ? (
        <button type="button" className="button quiet" onClick={() => setAsking(true)}>
          {say("historyClear")}
        </button>
      ) : null}
      {asking ? (
        <Confirm
          title={say("historyClear")}
          text={say(owner ? "historyClearBoth" : "historyClearConfirm")}
          action={say("historyClear")}
          onConfirm={() => void clear()}
          onClose={() => setAsking(false)}
        />
      ) : null}
    </Page>
  );
}

function useRemote(owner: string | undefined, here: readonly Scan[]): readonly RemoteScan[] {
  const [found, setFound] = useState<readonly RemoteScan[]>([]);
  const known = here.filter((scan) => scan.remote).length + here.length;
  useEffect(() => {
    let wanted = true;
    const empty: RemoteScan[] = [];
    const ask = owner ? remoteHistory().catch(() => empty) : Promise.resolve(empty);
    void ask.then((items) => wanted && setFound(items));
    return () => {
      wanted = false;
    };
  }, [owner, known]);
  return found;
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

function Remote({ scan }: { scan: RemoteScan }) {
  const { say } = useWords();
  const species = scan.correction?.species ?? (scan.recognition.is_produce ? scan.recognition.species : null);
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

function Name({ species, at, note, perhaps }: { species: string | null; at: string; note?: string; perhaps?: boolean }) {
  const { say, pick, date } = useWords();
  const state = useCatalogue();
  const known = state.state === "ready" && species ? state.species[species] : undefined;
  const name = known ? pick(known.name) : (species ?? "");
  return (
    <span className="scan-name">
      <b>{species ? capital(perhaps ? `${say("perhaps")} ${name}` : name) : say("noFruit")}</b>
      <time dateTime={at}>{date(at, { day: "numeric", month: "long", hour: "numeric", minute: "2-digit" })}</time>
      {note ? <small>{note}</small> : null}
    </span>
  );
}
