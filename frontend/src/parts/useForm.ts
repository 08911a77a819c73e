import { useState, type FormEvent } from "react";
import { ApiError, OfflineError } from "../api/http";
import { PasskeyError } from "../api/passkeys";
import { useWords } from "../i18n/useWords";

export interface Form {
  busy: boolean;
  problem: string | null;
  /** What the server says of single fields. */
  fields: Readonly<Record<string, readonly string[]>>;
  submit(event: FormEvent<HTMLFormElement>): void;
}

/** Runs `send` with what was filled in, and holds what the server says against it. */
export function useForm(send: (values: FormData) => Promise<void>): Form {
  const { say } = useWords();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [fields, setFields] = useState<Form["fields"]>({});

  async function run(values: FormData) {
    setBusy(true);
    setProblem(null);
    setFields({});
    try {
      await send(values);
    } catch (error) {
      if (error instanceof ApiError) {
        setProblem(error.message);
        setFields(error.fields);
      } else if (error instanceof OfflineError) setProblem(say("unreachable"));
      else if (error instanceof PasskeyError) setProblem(say("passkeyNot"));
      else setProblem(say("failed", { reason: String(error) }));
    } finally {
      setBusy(false);
    }
  }

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    void run(new FormData(event.currentTarget));
  }
  return { busy, problem, fields, submit };
}

export const text = (values: FormData, name: string): string => String(values.get(name) ?? "");
