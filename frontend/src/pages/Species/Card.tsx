import type { ReactNode } from "react";
import { Link } from "wouter";
import { inSeason, monthRuns } from "../../catalogue/season";
import type { Catalogue, Life, Species } from "../../api/types";
import { coloursOf } from "../../cut/colour";
import { Cut } from "../../cut/Cut";
import { capital, typeset, useWords } from "../../i18n/useWords";
import { Nutrition } from "./Nutrition";
import { SeasonRing } from "./SeasonRing";
import "./Card.css";

interface Props {
  species: Species;
  catalogue: Catalogue;
  when?: Date;
}

/** All that is known of a species, under whatever header it stands. */
export function Card({ species, catalogue, when = new Date() }: Props) {
  const { say, pick } = useWords();
  return (
    <div className="sheet card" style={coloursOf(species.id)}>
      <Names species={species} />
      <Block title={say("nutrition")}>
        <Nutrition species={species} />
      </Block>
      <Season species={species} when={when} />
      <Keeping species={species} catalogue={catalogue} />
      {species.ripe_when ? (
        <Block title={say("ripeness")}>
          <p className="large">{pick(species.ripe_when.text)}</p>
        </Block>
      ) : null}
      <Origin species={species} />
      <Others title={say("lookAlikes")} ids={species.look_alikes} catalogue={catalogue} />
      {species.cautions.length ? (
        <Block title={say("cautions")}>
          <Lines species={species} section="cautions" />
        </Block>
      ) : null}
      <Sources species={species} />
    </div>
  );
}

function Block({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="block">
      <h2>{title}</h2>
      <div>{children}</div>
    </section>
  );
}

function Names({ species }: { species: Species }) {
  const { say, pick, language } = useWords();
  const other = language === "fr" ? "en" : "fr";
  return (
    <section className="names">
      <p className="large">
        <span lang={other}>{capital(species.name[other])}</span>, <span lang="la">{species.latin}</span>, {species.family}
      </p>
      {species.note ? <p>{pick(species.note)}</p> : null}
      {species.varieties.length ? (
        <p>
          {say("labelled", { label: say("varieties"), words: species.varieties.map((variety) => pick(variety.name)).join(", ") })}
        </p>
      ) : null}
    </section>
  );
}

function Season({ species, when }: { species: Species; when: Date }) {
  const { say, language, date } = useWords();
  if (!species.season) return null;
  const { months, imported } = species.season;
  const words = months.length === 12 ? say("allYear") : monthRuns(months, language);
  const sentence = say(imported ? "seasonImported" : "seasonIn", { months: words });
  const now = say(inSeason(species, when) ? "nowYes" : "nowNo", { date: date(when) });
  return (
    <Block title={say("season")}>
      <div className="season">
        <div className="season-picture">
          <SeasonRing months={months} label={`${sentence} ${now}`} when={when} />
          <Cut species={species.id} className="season-cut" />
        </div>
        <div>
          <p className="large">{sentence}</p>
          <p>
            <svg className="season-pip" viewBox="-7 -118 14 20" aria-hidden="true">
              <path d="M0 -100C6 -107 5 -115 0 -115C-5 -115 -6 -107 0 -100Z" />
            </svg>
            {now}
          </p>
        </div>
      </div>
    </Block>
  );
}

const PLACES = ["room", "refrigerator", "freezer"] as const;

function Keeping({ species, catalogue }: { species: Species; catalogue: Catalogue }) {
  const { say } = useWords();
  const lines = species.sections.en.some((section) => section.key === "keeping");
  if (!lines && !species.shelf) return null;
  const places = PLACES.filter((place) => species.shelf?.[place]);
  return (
    <Block title={say("keeping")}>
      {places.length ? (
        <dl className="lives">
          {places.map((place) => (
            <div key={place}>
              <dt>{say(place)}</dt>
              <Time life={species.shelf![place]!} />
            </div>
          ))}
        </dl>
      ) : null}
      <Lines species={species} section="keeping" />
      <Apart species={species} catalogue={catalogue} />
    </Block>
  );
}

function Time({ life }: { life: Life }) {
  const { say, pick } = useWords();
  const words = !life.advised ? say("notAdvised") : life.until_ripe ? say("untilRipe") : life.words ? pick(life.words) : "";
  return (
    <dd>
      <b>{words}</b>
      {life.tip ? <span>{pick(life.tip)}</span> : null}
    </dd>
  );
}

function Apart({ species, catalogue }: { species: Species; catalogue: Catalogue }) {
  const { say } = useWords();
  if (!species.keep_apart.length) return null;
  return (
    <>
      <h3 className="small-head">{say("keepApart")}</h3>
      <Pills ids={species.keep_apart} catalogue={catalogue} />
    </>
  );
}

function Pills({ ids, catalogue }: { ids: readonly string[]; catalogue: Catalogue }) {
  const { pick } = useWords();
  return (
    <ul className="pills">
      {ids.flatMap((id) => {
        const one = catalogue[id];
        return one ? (
          <li key={id}>
            <Link href={`/species/${id}`} className="pill">
              <Cut species={id} />
              {capital(pick(one.name))}
            </Link>
          </li>
        ) : (
          []
        );
      })}
    </ul>
  );
}

function Others({ title, ids, catalogue }: { title: string; ids: readonly string[]; catalogue: Catalogue }) {
  return ids.length ? (
    <Block title={title}>
      <Pills ids={ids} catalogue={catalogue} />
    </Block>
  ) : null;
}

function Origin({ species }: { species: Species }) {
  const { say, pick } = useWords();
  const { origin, producers } = species;
  const country = (code: string) => (species.countries[code] ? pick(species.countries[code]) : code);
  return (
    <Block title={say("origin")}>
      {origin ? <p className="large">{capital(pick(origin.text))}</p> : null}
      {producers ? (
        <p>
          {say("labelled", { label: say("grownIn"), words: producers.countries.map(country).join(", ") })}
          {producers.year ? ` (${producers.year})` : ""}
        </p>
      ) : null}
      <p>{pick(species.biodiversity.text)}</p>
    </Block>
  );
}

/** The server's ready sentences of one section; for keeping, without the places and neighbours drawn above. */
function Lines({ species, section }: { species: Species; section: string }) {
  const { language } = useWords();
  const found = species.sections[language].find(({ key }) => key === section);
  const drawn = new Set(["room", "refrigerator", "freezer", "ripe when", "keep away from", "ambiante", "réfrigérateur", "congélateur", "mûr quand", "éloigner de"]);
  const lines = (found?.lines ?? []).filter(([label]) => !drawn.has(label));
  if (!lines.length) return null;
  return (
    <ul className="lines">
      {lines.map(([label, words]) => (
        <li key={label + words}>
          {label ? <b>{capital(label)} </b> : null}
          {typeset(words, language)}
        </li>
      ))}
    </ul>
  );
}

function Sources({ species }: { species: Species }) {
  const { say } = useWords();
  return (
    <Block title={say("sources")}>
      <ul className="sources">
        {Object.values(species.sources).map((source) => (
          <li key={source.id}>
            <a href={source.address} rel="noreferrer" target="_blank" lang="en">
              {source.title}
            </a>
            {source.licence ? ` (${source.licence})` : ""}
          </li>
        ))}
      </ul>
    </Block>
  );
}
