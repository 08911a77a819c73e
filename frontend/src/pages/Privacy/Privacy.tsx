import { useState, type ReactNode } from "react";
import { Link } from "wouter";
import { useUser } from "../../api/session";
import { device } from "../../engine/device";
import { deleteAllScans, useScans } from "../../history/store";
import { useWords } from "../../i18n/useWords";
import { Confirm } from "../../parts/Confirm";
import { Fill } from "../../parts/Fill";
import { Page } from "../../parts/Page";
import { usePhotosGo } from "../../parts/usePhotosGo";
import { announce } from "../../state/announce";
import { recogniseOn } from "../../state/settings";
import { useStore } from "../../state/store";
import { Consents } from "./Consents";
import { Erase } from "./Erase";
import { exportDevice } from "./exportDevice";
import { Notice } from "./Notice";

export default function Privacy() {
  const { say } = useWords();
  const owner = useUser();
  const photosGo = usePhotosGo();
  return (
    <Page title={say("privacy")} className="sheet privacy">
      <h1 className="title">
        <Fill most={100}>{say("privacyTitle")}</Fill>
      </h1>
      <p className="large">
        {say(photosGo)} {owner ? null : say("privacyIntro")}
      </p>
      <Where />
      <Here />
      <Part title={say("whatAccount")}>
        {owner ? (
          <>
            <Consents owner={owner} />
            <p>
              <a className="button quiet" href="/api/me/export" download>
                {say("exportAll")}
              </a>
            </p>
            <p className="quietly">{say("exportHint")}</p>
            <Erase owner={owner} />
          </>
        ) : (
          <>
            <p>{say("signInForSwitches")}</p>
            <Link className="button quiet" href="/account">
              {say("signIn")}
            </Link>
          </>
        )}
      </Part>
      <Part title={say("notice")}>
        <Notice />
      </Part>
    </Page>
  );
}

export function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="block">
      <h2>{title}</h2>
      <div>{children}</div>
    </section>
  );
}

function Where() {
  const { say } = useWords();
  const choice = useStore(recogniseOn);
  const engine = useStore(device);
  return (
    <Part title={say("whereRecognised")}>
      <fieldset className="plain-set">
        <legend className="hidden">{say("whereRecognised")}</legend>
        {(["device", "server"] as const).map((place) => (
          <label className="check" key={place}>
            <input type="radio" name="where" checked={choice === place} onChange={() => recogniseOn.set(place)} />
            <span>{say(place === "device" ? "whereDevice" : "whereServer")}</span>
          </label>
        ))}
      </fieldset>
      {choice === "device" && engine.state === "unavailable" ? <p className="quietly">{say("deviceUnavailable", { reason: engine.reason })}</p> : null}
    </Part>
  );
}

function Here() {
  const { say } = useWords();
  const here = useScans() ?? [];
  const [asking, setAsking] = useState(false);
  return (
    <Part title={say("whatIsHere")}>
      <p>{here.length === 0 ? say("scansHereNone") : here.length === 1 ? say("scansHereOne") : say("scansHere", { count: here.length })}</p>
      <div className="row">
        <button type="button" className="button quiet" disabled={!here.length} onClick={() => void exportDevice(here)}>
          {say("exportDevice")}
        </button>
        <button type="button" className="button quiet" disabled={!here.length} onClick={() => setAsking(true)}>
          {say("historyClear")}
        </button>
      </div>
      {asking ? (
        <Confirm
          title={say("historyClear")}
          text={say("historyClearConfirm")}
          action={say("historyClear")}
          onConfirm={() => void deleteAllScans().then(() => announce(say("deleted")))}
          onClose={() => setAsking(false)}
        />
      ) : null}
    </Part>
  );
}
