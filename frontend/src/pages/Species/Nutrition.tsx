import { useId, useState } from "react";
import { composition, PARTS, rows, type Part, type Row } from "../../catalogue/nutrition";
import type { Amount, Species } from "../../api/types";
import { useWords } from "../../i18n/useWords";

/** What a species feeds: the cut grown ring by ring of what it is made of, and each nutrient as a share of a day. */
export function Nutrition({ species }: { species: Species }) {
  const { say, pick, number } = useWords();
  const [byPiece, setByPiece] = useState(false);
  const group = useId();
  const { nutrition } = species;
  if (!nutrition) return species.nutrition_absent ? <p>{pick(species.nutrition_absent)}</p> : null;
  const { piece } = nutrition;
  const grams = byPiece && piece ? piece.grams : 100;
  const parts = composition(species);
  return (
    <div className="nutrition">
      {parts ? <Rings parts={parts} /> : null}
      <div>
        {piece ? (
          <fieldset className="portion">
            <legend className="hidden">{say("portion")}</legend>
            <label>
              <input type="radio" name={group} checked={!byPiece} onChange={() => setByPiece(false)} />
              <span>{say("per100")}</span>
            </label>
            <label>
              <input type="radio" name={group} checked={byPiece} onChange={() => setByPiece(true)} />
              <span>{say("perPiece")}</span>
            </label>
            {byPiece ? <span className="portion-note">{say("perPieceOf", { piece: pick(piece.name), grams: number(piece.grams) })}</span> : null}
          </fieldset>
        ) : (
          <p className="eyebrow">{say("per100")}</p>
        )}
        <Table rows={rows(species, grams)} />
        <Claims species={species} />
        {nutrition.remark ? <p className="quietly">{pick(nutrition.remark)}</p> : null}
      </div>
    </div>
  );
}

/** Rings whose areas are the grams in 100 g. */
function Rings({ parts }: { parts: Record<Part, number> }) {
  const { say, number } = useWords();
  let inside = 0;
  const rings = PARTS.map((part) => {
    inside += parts[part];
    return { part, radius: 98 * Math.sqrt(Math.min(inside, 100) / 100) };
  });
  const shown = [...PARTS].reverse().filter((part) => parts[part] >= 0.05);
  return (
    <figure className="rings">
      <figcaption className="eyebrow">{say("whatItIsMadeOf")}</figcaption>
      <svg viewBox="-100 -100 200 200" aria-hidden="true">
        {[...rings].reverse().map(({ part, radius }) => (
          <circle key={part} r={radius} className={`part-${part}`} />
        ))}
      </svg>
      <ul>
        {shown.map((part) => (
          <li key={part}>
            <i className={`part-${part}`} />
            {say(part)} <b>{number(parts[part])} g</b>
          </li>
        ))}
      </ul>
    </figure>
  );
}

const SCALES = [0.25, 0.5, 1];

function Table({ rows: shown }: { rows: readonly Row[] }) {
  const { say, number } = useWords();
  // Bars fill a quarter of a day, half, or as much as the longest needs.
  const longest = Math.max(...shown.map(({ share }) => share ?? 0));
  const most = SCALES.find((scale) => scale >= longest) ?? longest;
  return (
    <table className="feeds">
      <caption>{say("shareOfReference")}</caption>
      <thead className="hidden">
        <tr>
          <th scope="col">{say("nutrient")}</th>
          <th scope="col">{say("amount")}</th>
          <th scope="col">{say("share")}</th>
        </tr>
      </thead>
      <tbody>
        {shown.map(({ nutrient, amount, share }) => (
          <tr key={nutrient} className={nutrient === "sugars" ? "feeds-part" : undefined}>
            <th scope="row">{say(nutrient)}</th>
            <td className="feeds-amount">{showAmount(amount, number, say("traces"))}</td>
            <td className="feeds-share">
              {share === null ? null : (
                <span className="feeds-line">
                  <i className="feeds-bar" style={{ width: `${Math.max(0.5, (share / most) * 100).toFixed(1)}%` }} />
                  <b>{number(share * 100, 0)} %</b>
                </span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function showAmount({ value, unit, bound }: Amount, number: (value: number, digits?: number) => string, traces: string): string {
  if (bound === "traces") return traces;
  return `${bound === "below" ? "< " : ""}${number(value, value < 10 ? 1 : 0)} ${unit}`;
}

function Claims({ species }: { species: Species }) {
  const { say } = useWords();
  const named = (level: "rich" | "source") =>
    species.claims.filter((claim) => claim.level === level).map((claim) => say(claim.nutrient as Row["nutrient"]));
  return (["rich", "source"] as const).map((level) => {
    const names = named(level);
    return names.length ? (
      <p className="claim" key={level}>
        {say(level, { names: names.join(", ") })}
      </p>
    ) : null;
  });
}
