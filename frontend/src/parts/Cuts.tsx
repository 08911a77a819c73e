import { Link } from "wouter";
import type { Species } from "../api/types";
import { coloursOf } from "../cut/colour";
import { Cut } from "../cut/Cut";
import { capital, useWords } from "../i18n/useWords";
import "./Cuts.css";

/** Species side by side without a gap, each on its own ground: the app's way to show many. */
export function Cuts({ species, notes }: { species: readonly Species[]; notes?: Readonly<Record<string, string>> }) {
  const { pick } = useWords();
  return (
    <ul className="cuts">
      {species.map((one) => (
        <li key={one.id}>
          <Link href={`/species/${one.id}`} className="cuts-one flood" style={coloursOf(one.id)}>
            <Cut species={one.id} className="cuts-cut" />
            <span className="cuts-name">
              {capital(pick(one.name))}
              {notes?.[one.id] ? <small>{notes[one.id]}</small> : null}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
