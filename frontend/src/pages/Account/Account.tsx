import { useState } from "react";
import { Link } from "wouter";
import { changePassword, signOut, useUser, type User } from "../../api/session";
import { useWords } from "../../i18n/useWords";
import { Field } from "../../parts/Field";
import { Fill } from "../../parts/Fill";
import { Page } from "../../parts/Page";
import { text, useForm } from "../../parts/useForm";
import { theme } from "../../state/settings";
import { useStore } from "../../state/store";
import { announce } from "../../state/announce";
import { Forgot, NewPassword, Problem, SignIn, SignUp } from "./Forms";
import { Passkeys } from "./Passkeys";
import { Sessions } from "./Sessions";
import "./Account.css";

type Wanted = "in" | "up" | "forgot";

export default function Account() {
  const { say } = useWords();
  const owner = useUser();
  return (
    <Page title={say("accountTitle")} className="sheet">
      <h1 className="title">
        <Fill most={110}>{say("accountTitle")}</Fill>
      </h1>
      {owner ? <Own owner={owner} /> : owner === null ? <Doors /> : <p role="status">{say("loading")}</p>}
      <Appearance />
    </Page>
  );
}

function Doors() {
  const { say } = useWords();
  const [wanted, setWanted] = useState<Wanted>("in");
  const others: [Wanted, Parameters<typeof say>[0]][] = [
    ["in", "haveAccount"],
    ["up", "signUp"],
    ["forgot", "forgot"],
  ];
  return (
    <>
      <p className="large">{say("accountWhy")}</p>
      <section className="block">
        <h2>{say(wanted === "in" ? "signIn" : wanted === "up" ? "signUp" : "forgot")}</h2>
        <div className="narrow">
          {wanted === "in" ? <SignIn /> : wanted === "up" ? <SignUp /> : <Forgot />}
          <div className="row doors">
            {others
              .filter(([door]) => door !== wanted)
              .map(([door, word]) => (
                <button type="button" className="button plain" key={door} onClick={() => setWanted(door)}>
                  {say(word)}
                </button>
              ))}
          </div>
        </div>
      </section>
    </>
  );
}

function Own({ owner }: { owner: User }) {
  const { say } = useWords();
  return (
    <>
      <p className="large">{say("signedInAs", { email: owner.email })}</p>
      <div className="row doors">
        <button type="button" className="button" onClick={() => void signOut()}>
          {say("signOut")}
        </button>
        <Link className="button quiet" href="/privacy">
          {say("whatAccount")}
        </Link>
      </div>
      <section className="block">
        <h2>{say("changePassword")}</h2>
        <ChangePassword email={owner.email} />
      </section>
      <section className="block">
        <h2>{say("passkeys")}</h2>
        <Passkeys email={owner.email} />
      </section>
      <section className="block">
        <h2>{say("sessions")}</h2>
        <Sessions />
      </section>
    </>
  );
}

function ChangePassword({ email }: { email: string }) {
  const { say } = useWords();
  const [done, setDone] = useState(false);
  const form = useForm(async (values) => {
    setDone(false);
    await changePassword(text(values, "current"), text(values, "new"));
    setDone(true);
    announce(say("passwordChanged"));
  });
  return (
    <form className="narrow" onSubmit={form.submit}>
      <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />
      <Field label={say("currentPassword")} name="current" type="password" autoComplete="current-password" required problems={form.fields.current} />
      <NewPassword form={form} name="new" />
      <Problem form={form} />
      {done ? <p>{say("passwordChanged")}</p> : null}
      <button className="button" disabled={form.busy}>
        {say("save")}
      </button>
    </form>
  );
}

function Appearance() {
  const { say } = useWords();
  const chosen = useStore(theme);
  const words = { auto: "themeAuto", light: "themeLight", dark: "themeDark" } as const;
  return (
    <section className="block">
      <h2>{say("appearance")}</h2>
      <fieldset className="plain-set">
        <legend className="hidden">{say("appearance")}</legend>
        {(["auto", "light", "dark"] as const).map((one) => (
          <label className="check" key={one}>
            <input type="radio" name="theme" checked={chosen === one} onChange={() => theme.set(one)} />
            <span>{say(words[one])}</span>
          </label>
        ))}
      </fieldset>
    </section>
  );
}
