import { useId, type ComponentProps } from "react";

interface Props extends Omit<ComponentProps<"input">, "id"> {
  label: string;
  hint?: string;
  problems?: readonly string[] | undefined;
}

/** A labelled input; what is wrong with it is read with it. */
export function Field({ label, hint, problems = [], ...input }: Props) {
  const id = useId();
  const notes = [hint ? `${id}-hint` : "", problems.length ? `${id}-problem` : ""].filter(Boolean).join(" ");
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input id={id} {...input} aria-invalid={problems.length > 0} aria-describedby={notes || undefined} />
      {hint ? (
        <span className="hint" id={`${id}-hint`}>
          {hint}
        </span>
      ) : null}
      <div id={`${id}-problem`}>
        {problems.map((problem) => (
          <p className="problem" key={problem}>
            {problem}
          </p>
        ))}
      </div>
    </div>
  );
}
