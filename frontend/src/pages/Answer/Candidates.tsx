import { useState } from "react";
import type { Catalogue } from "../../api/types";
import { Cut } from "../../cut/Cut";
import type { Scan } from "../../history/store";
import { capital, useWords } from "../../i18n/useWords";

interface Props {
  scan: Scan;
  catalogue: Catalogue;
  onChoose(species: string, variety: string | null): void;
}

/** What else it may be, one tap away; a tap on one says that it is that. */
export function Candidates({ scan, catalogue, onChoose }: Props) {
  const { say, pick } = useWords();
  const [open, setOpen] = useState(false);
  const others = scan.recognition.candidates.slice(1);
  if (!scan.recognition.is_produce || !others.length) return null;
  return (
    <div>
      <button type="button" className="button plain" aria-expanded={open} aria-controls="candidates" onClick={() => setOpen(!open)}>
        {say("otherCandidates")}
      </button>
      <ul className="candidates" id="candidates" hidden={!open}>
        {others.map(({ species, probability }) => {
          const known = catalogue[species];
          return (
            <li key={species}>
              <button type="button" onClick={() => onChoose(species, null)}>
                <Cut species={species} />
                <span>{known ? capital(pick(known.name)) : species}</span>
                <b>{probability < 0.01 ? "< 1" : Math.round(probability * 100)} %</b>
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
