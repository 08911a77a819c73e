import { monthName } from "../../catalogue/season";
import { useWords } from "../../i18n/useWords";

const OUTER = 96;
const INNER = 68;
const GAP = 0.012;

/** The year as a fruit cut in twelve: the months on the stalls are full, a pip marks today. */
export function SeasonRing({ months, label, when }: { months: readonly number[]; label: string; when: Date }) {
  const { language } = useWords();
  const days = new Date(when.getFullYear(), when.getMonth() + 1, 0).getDate();
  const now = (when.getMonth() + (when.getDate() - 0.5) / days) / 12;
  return (
    <svg className="season-ring" viewBox="-116 -116 232 232" role="img" aria-label={label}>
      {Array.from({ length: 12 }, (_, index) => {
        const full = months.includes(index + 1);
        const [x, y] = place((OUTER + INNER) / 2, (index + 0.5) / 12);
        return (
          <g key={index}>
            <path className={full ? "season-full" : "season-empty"} d={slice(index)} />
            <text className={full ? "season-letter-full" : "season-letter"} x={x} y={y} dy="0.36em" textAnchor="middle">
              {monthName(index + 1, language, "narrow")}
            </text>
          </g>
        );
      })}
      <path className="season-today" d="M0 -100C6 -107 5 -115 0 -115C-5 -115 -6 -107 0 -100Z" transform={`rotate(${now * 360})`} />
    </svg>
  );
}

function place(radius: number, turn: number): [number, number] {
  const angle = turn * 2 * Math.PI;
  return [radius * Math.sin(angle), -radius * Math.cos(angle)];
}

function slice(index: number): string {
  const [start, end] = [index / 12 + GAP, (index + 1) / 12 - GAP];
  const point = (radius: number, turn: number) => place(radius, turn).map((value) => value.toFixed(2)).join(" ");
  return `M${point(OUTER, start)}A${OUTER} ${OUTER} 0 0 1 ${point(OUTER, end)}L${point(INNER, end)}A${INNER} ${INNER} 0 0 0 ${point(INNER, start)}Z`;
}
