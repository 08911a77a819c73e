import { useMemo, useState } from "react";
import { makeSearch } from "../catalogue/search";
import type { Catalogue, Variety } from "../api/types";
import { Cut } from "../cut/Cut";
import { capital, useWords } from "../i18n/useWords";
import { Dialog } from "./Dialog";
import "./Picker.css";

interface Props {
  catalogue: Catalogue;
  /** Shown before anything is typed. */
  likely: readonly string[];
  onPick(species: string, variety: string | null): void;
  onClose(): void;
}

/** Chooses a species by name: "no, it is …". */
export function Picker({ catalogue, likely, onPick, onClose }: Props) {
  const { say, pick, language } = useWords();
  const [query, setQuery] = useState("");
  const search = useMemo(() => makeSearch(catalogue), [catalogue]);
  const found: { id: string; variety: Variety | null }[] = query.trim()
    ? search(query).slice(0, 12).map(({ species, variety }) => ({ id: species.id, variety }))
    : all();

  function all() {
    const names = Object.values(catalogue).sort((a, b) => a.name[language].localeCompare(b.name[language], language));
    const rest = names.map((species) => species.id).filter((id) => !likely.includes(id));
    return [...likely, ...rest].map((id) => ({ id, variety: null }));
  }

  return (
    <Dialog title={say("chooseRight")} onClose={onClose}>
      <div className="field">
        <label htmlFor="picker-search">{say("search")}</label>
        <input
          id="picker-search"
          type="search"
          value={query}
          autoComplete="off"
          data-first
          placeholder={say("searchPlaceholder")}
          onChange={(event) => setQuery(event.target.value)}
        />
      </div>
      <ul className="picker">
        {found.map(({ id, variety }) => {
          const species = catalogue[id];
          return species ? (
            <li key={id}>
              <button type="button" onClick={() => onPick(id, variety?.id ?? null)}>
                <Cut species={id} />
                <span>
                  {capital(pick(species.name))}
                  {variety ? <small>{pick(variety.name)}</small> : null}
                </span>
              </button>
            </li>
          ) : null;
        })}
      </ul>
      <p role="status">{found.length ? "" : say("foundNone")}</p>
    </Dialog>
  );
}
