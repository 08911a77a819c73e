import { useMemo, useState } from "react";
import { useCatalogue } from "../../catalogue/catalogue";
import { makeSearch } from "../../catalogue/search";
import { inSeason, monthName } from "../../catalogue/season";
import type { Catalogue, Kind, Species } from "../../api/types";
import type { Language } from "../../i18n/language";
import { useWords } from "../../i18n/useWords";
import { Cuts } from "../../parts/Cuts";
import { Page } from "../../parts/Page";
import { Waiting } from "../../parts/Waiting";
import "./Explore.css";

const KINDS: readonly Kind[] = ["fruit", "vegetable", "root", "bulb", "nut", "mushroom"];
type Shelf = "all" | "season" | Kind;

export function Explore() {
  const { say } = useWords();
  const state = useCatalogue();
  if (state.state !== "ready") return <Waiting title={say("exploreTitle")} failed={state.state === "failed"} />;
  return <Shelves catalogue={state.species} />;
}

function Shelves({ catalogue }: { catalogue: Catalogue }) {
  const { say, pick, language } = useWords();
  const [query, setQuery] = useState("");
  const [shelf, setShelf] = useState<Shelf>("season");
  const search = useMemo(() => makeSearch(catalogue), [catalogue]);
  const now = new Date();
  const searching = query.trim() !== "";
  const found = searching ? search(query) : [];
  const shown = searching ? found.map(({ species }) => species) : onShelf(catalogue, shelf, now, language);
  const notes = Object.fromEntries(found.flatMap(({ species, variety }) => (variety ? [[species.id, pick(variety.name)]] : [])));
  const shelves: [Shelf, string][] = [
    ["season", say("inSeason", { month: monthName(now.getMonth() + 1, language) })],
    ["all", say("all")],
    ...KINDS.map((kind): [Shelf, string] => [kind, say(`kind_${kind}`)]),
  ];
  const count = shown.length;
  return (
    <Page title={say("exploreTitle")} className="explore">
      <h1 className="hidden">{say("exploreTitle")}</h1>
      <search className="explore-search">
        <label htmlFor="explore-query">{say("search")}</label>
        <input
          id="explore-query"
          type="search"
          autoComplete="off"
          spellCheck={false}
          value={query}
          placeholder={say("searchPlaceholder")}
          onChange={(event) => setQuery(event.target.value)}
        />
      </search>
      <fieldset className="shelves" disabled={searching}>
        <legend className="hidden">{say("exploreTitle")}</legend>
        {shelves.map(([id, name]) => (
          <label key={id}>
            <input type="radio" name="shelf" checked={!searching && shelf === id} onChange={() => setShelf(id)} />
            <span>{name}</span>
          </label>
        ))}
      </fieldset>
      <p className="explore-count" role="status">
        {count === 0 ? say("foundNone") : count === 1 ? say("foundOne") : say("found", { count })}
      </p>
      <Cuts species={shown} notes={notes} />
    </Page>
  );
}

function onShelf(catalogue: Catalogue, shelf: Shelf, now: Date, language: Language): Species[] {
  const all = Object.values(catalogue);
  const kept = shelf === "all" ? all : shelf === "season" ? all.filter((one) => inSeason(one, now)) : all.filter((one) => one.kind === shelf);
  return kept.sort((a, b) => a.name[language].localeCompare(b.name[language], language));
}
