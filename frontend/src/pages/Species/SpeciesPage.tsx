import { useParams } from "wouter";
import { useCatalogue } from "../../catalogue/catalogue";
import { coloursOf } from "../../cut/colour";
import { Cut } from "../../cut/Cut";
import { capital, useWords } from "../../i18n/useWords";
import { Fill } from "../../parts/Fill";
import { Page } from "../../parts/Page";
import { Waiting } from "../../parts/Waiting";
import { Missing } from "../Missing/Missing";
import { Card } from "./Card";
import "./SpeciesPage.css";

export function SpeciesPage() {
  const { id } = useParams<{ id: string }>();
  const { pick, say } = useWords();
  const state = useCatalogue();
  if (state.state !== "ready") return <Waiting title={say("species")} failed={state.state === "failed"} />;
  const species = state.species[id];
  if (!species) return <Missing />;
  return (
    <Page title={capital(pick(species.name))} key={id}>
      <header className="species-head flood" style={coloursOf(id)}>
        <h1>
          <Fill most={210}>{pick(species.name)}</Fill>
        </h1>
        <Cut species={id} className="species-cut" />
      </header>
      <Card species={species} catalogue={state.species} />
    </Page>
  );
}
