import { useEffect, useState } from "react";
import { serverConfig, type Config } from "../../api/config";
import { ApiError, call } from "../../api/http";
import { user, type User } from "../../api/session";
import type { Consents as State } from "../../api/types";
import { useWords } from "../../i18n/useWords";
import { Confirm } from "../../parts/Confirm";

type Kind = "keep" | "improve";
const KINDS = ["keep", "improve"] as const;

/** The two switches, off until their owner turns them on, each beside its plain sentence. */
export function Consents({ owner }: { owner: User }) {
  const { say, pick, date } = useWords();
  const [config, setConfig] = useState<Config | null>(null);
  const [state, setState] = useState<State | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [asking, setAsking] = useState<Kind | null>(null);

  useEffect(() => {
    const failed = (error: unknown) => setProblem(error instanceof ApiError ? error.message : say("unreachable"));
    serverConfig().then(setConfig, failed);
    call<State>("GET", "/api/me/consents").then(setState, failed);
    // Asked once for each owner; the sentences follow the language by themselves.
  }, [owner.id]);

  async function put(kind: Kind, granted: boolean) {
    if (!config) return;
    setProblem(null);
    const before = state;
    // The switch turns at once, and back if the server refuses.
    if (before) setState({ ...before, [kind]: granted });
    const versions = granted ? { [kind]: config.consents[kind].version } : {};
    try {
      const next = await call<State>("PUT", "/api/me/consents", { [kind]: granted, versions });
      setState(next);
      user.set({ ...owner, consents: { keep: next.keep, improve: next.improve } });
    } catch (error) {
      setState(before);
      setProblem(error instanceof ApiError ? error.message : say("unreachable"));
    }
  }

  if (!config || !state) return <p role="status">{problem ?? say("loading")}</p>;
  const flip = (kind: Kind, on: boolean) => (!on && state.photos ? setAsking(kind) : void put(kind, on));
  return (
    <div id="switches">
      {KINDS.map((kind) => (
        <label className="check" key={kind}>
          <input type="checkbox" role="switch" checked={state[kind]} onChange={(event) => flip(kind, event.target.checked)} />
          <span>
            {say(kind === "keep" ? "keepSwitch" : "improveSwitch")}
            <small>{pick(config.consents[kind].text)}</small>
          </span>
        </label>
      ))}
      <div role="alert">{problem ? <p className="problem">{problem}</p> : null}</div>
      <p>
        {say("photosStored", { count: state.photos })}. {say("keptFor", { days: config.retention_days })}
      </p>
      {state.history.length ? (
        <details>
          <summary>{say("consentHistory")}</summary>
          <ul>
            {state.history.map(({ kind, granted, text_version: version, at }) => (
              <li key={kind + at}>
                {say("labelled", {
                  label: say(kind === "keep" ? "keepSwitch" : "improveSwitch"),
                  words: say(granted ? "granted" : "withdrawn"),
                })}
                ,{" "}
                {date(at, { dateStyle: "long", timeStyle: "short" })} ({version})
              </li>
            ))}
          </ul>
        </details>
      ) : null}
      {asking ? (
        <Confirm
          title={say(asking === "keep" ? "keepSwitch" : "improveSwitch")}
          text={say("keepOffWarning")}
          action={say("confirm")}
          onConfirm={() => void put(asking, false)}
          onClose={() => setAsking(null)}
        />
      ) : null}
    </div>
  );
}
