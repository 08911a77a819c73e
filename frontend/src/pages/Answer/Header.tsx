import { useState, type CSSProperties } from "react";
import type { Catalogue, Recognition } from "../../api/types";
import { coloursOf } from "../../cut/colour";
import { Cut } from "../../cut/Cut";
import type { Scan } from "../../history/store";
import { capital, useWords } from "../../i18n/useWords";
import { Fill } from "../../parts/Fill";
import { usePhotoOf } from "../../parts/usePhoto";

interface Props {
  scan: Scan;
  catalogue: Catalogue;
  onChoose(species: string): void;
}

/** The answer itself: one fruit when it is sure, two that share the page when it is not, none when there is none. */
export function Header({ scan, catalogue, onChoose }: Props) {
  const { recognition, correction } = scan;
  if (correction) return <One scan={scan} catalogue={catalogue} species={correction.species} variety={correction.variety} />;
  if (!recognition.is_produce || !recognition.species) return <None scan={scan} />;
  if (!recognition.sure) return <Two scan={scan} catalogue={catalogue} onChoose={onChoose} />;
  return <One scan={scan} catalogue={catalogue} species={recognition.species} variety={recognition.variety} />;
}

interface OneProps {
  scan: Scan;
  catalogue: Catalogue;
  species: string;
  variety: string | null;
}

function One({ scan, catalogue, species, variety }: OneProps) {
  const { say, pick } = useWords();
  const known = catalogue[species];
  const name = known ? pick(known.name) : species;
  const kind = known?.varieties.find((one) => one.id === variety);
  return (
    <header className="answer flood" style={coloursOf(species)} data-answer={scan.correction ? "corrected" : "sure"} data-species={species}>
      <div>
        <p className="eyebrow">{scan.correction ? say("corrected", { name: "" }).replace(/\s*:?\s*$/, "") : say("itIs")}</p>
        <h1>
          <Fill most={190}>{name}</Fill>
        </h1>
        <p className="answer-detail">
          {kind ? <b>{capital(pick(kind.name))}</b> : null}
          {scan.correction ? null : <span>{say("percentSure", { percent: Math.round(scan.recognition.confidence * 100) })}</span>}
        </p>
      </div>
      <Photo scan={scan} species={species} />
    </header>
  );
}

function Two({ scan, catalogue, onChoose }: Props) {
  const { say, pick } = useWords();
  const pair = scan.recognition.candidates.slice(0, 2);
  return (
    <header className="answer-two" style={shares(pair)} data-answer="unsure" data-species={pair[0]?.species}>
      <h1 className="hidden">
        {say("unsureAnswer", {
          one: pair[0] && catalogue[pair[0].species] ? pick(catalogue[pair[0].species]!.name) : "",
          two: pair[1] && catalogue[pair[1].species] ? pick(catalogue[pair[1].species]!.name) : "",
        })}
      </h1>
      {pair.map(({ species, probability }, index) => (
        <button type="button" key={species} className="answer-half flood" style={coloursOf(species)} onClick={() => onChoose(species)}>
          <span className="eyebrow">{say(index ? "or" : "perhaps")}</span>
          <Fill most={110}>{catalogue[species] ? pick(catalogue[species].name) : species}</Fill>
          <span className="answer-half-foot">
            <Cut species={species} />
            {Math.round(probability * 100)} %
          </span>
        </button>
      ))}
      <Photo scan={scan} species={null} />
    </header>
  );
}

/** Each gets its part of the page, within reason: --one and --two. */
function shares([one, two]: readonly Recognition["candidates"][number][]): CSSProperties {
  const first = one && two ? one.probability / (one.probability + two.probability) : 0.5;
  const part = Math.min(0.64, Math.max(0.36, first));
  return { "--one": `${part.toFixed(3)}fr`, "--two": `${(1 - part).toFixed(3)}fr` } as CSSProperties;
}

function None({ scan }: { scan: Scan }) {
  const { say } = useWords();
  return (
    <header className="answer flood" style={coloursOf(null)} data-answer="none">
      <div>
        <h1>
          <Fill most={150}>{say("noFruit")}</Fill>
        </h1>
        <p className="answer-detail">{say("noFruitHint")}</p>
      </div>
      <Photo scan={scan} species={null} />
    </header>
  );
}

/** The photo where the flesh would be: round, in the skin of what it was recognised as. */
function Photo({ scan, species }: { scan: Scan; species: string | null }) {
  const { say } = useWords();
  const address = usePhotoOf(scan, "full");
  const [failed, setFailed] = useState<string | null>(null);
  return (
    <div className="answer-photo" style={species ? coloursOf(species) : undefined}>
      {address && address !== failed ? (
        <img src={address} alt={say("yourPhoto")} onError={() => setFailed(address)} />
      ) : (
        <Cut species={species} />
      )}
    </div>
  );
}
