import { useEffect, useState } from "react";
import { Link } from "wouter";
import { serverConfig, type Config } from "../../api/config";
import { call } from "../../api/http";
import type { Said } from "../../api/types";
import { passkeysWork, signInWithPasskey } from "../../api/passkeys";
import { signIn } from "../../api/session";
import { language } from "../../i18n/language";
import { useWords } from "../../i18n/useWords";
import { Field } from "../../parts/Field";
import { text, useForm, type Form } from "../../parts/useForm";

export function SignIn() {
  return (
    <>
      <SignInByPassword />
      {passkeysWork() ? <SignInByPasskey /> : null}
    </>
  );
}

function SignInByPasskey() {
  const { say } = useWords();
  const form = useForm(signInWithPasskey);
  return (
    <form className="doors" onSubmit={form.submit}>
      <Problem form={form} />
      <button className="button quiet" disabled={form.busy}>
        {say("signInPasskey")}
      </button>
    </form>
  );
}

function SignInByPassword() {
  const { say } = useWords();
  const form = useForm((values) => signIn(text(values, "email"), text(values, "password")));
  return (
    <form onSubmit={form.submit}>
      <Email form={form} />
      <Field label={say("password")} name="password" type="password" autoComplete="current-password" required problems={form.fields.password} />
      <Problem form={form} />
      <button className="button" disabled={form.busy}>
        {say("signIn")}
      </button>
    </form>
  );
}

export function SignUp() {
  const { say } = useWords();
  const [config, setConfig] = useState<Config | null>(null);
  const [sent, setSent] = useState<string | null>(null);
  useEffect(() => {
    serverConfig().then(setConfig, () => undefined);
  }, []);
  const form = useForm(async (values) => {
    const email = text(values, "email");
    await call("POST", "/api/accounts/sign-up", {
      email,
      password: text(values, "password"),
      of_age: values.get("of_age") === "on",
      notice_version: config?.notice.version ?? "",
      language: language.get(),
    });
    setSent(email);
  });
  if (sent) return <Sent email={sent} />;
  return (
    <form onSubmit={form.submit}>
      <Email form={form} />
      <NewPassword form={form} label="password" />
      <label className="check">
        <input type="checkbox" name="of_age" required />
        <span>{say("ofAge", { age: config?.minimum_age ?? 15 })}</span>
      </label>
      <label className="check">
        <input type="checkbox" name="notice" required />
        <span>{say("readNotice")}</span>
      </label>
      <p>
        <Link href="/privacy">{say("notice")}</Link>
      </p>
      <Problem form={form} />
      <button className="button" disabled={form.busy || !config}>
        {say("signUp")}
      </button>
    </form>
  );
}

function Sent({ email }: { email: string }) {
  const { say } = useWords();
  const [again, setAgain] = useState<string | null>(null);
  async function resend() {
    const { message } = await call<Said>("POST", "/api/accounts/verify/resend", { email });
    setAgain(message);
  }
  return (
    <div role="status">
      <p className="large">{say("checkMail", { email })}</p>
      <button type="button" className="button quiet" onClick={() => void resend()}>
        {say("resend")}
      </button>
      {again ? <p>{again}</p> : null}
    </div>
  );
}

export function Forgot() {
  const { say } = useWords();
  const [message, setMessage] = useState<string | null>(null);
  const form = useForm(async (values) => {
    const answer = await call<Said>("POST", "/api/accounts/password-reset", { email: text(values, "email") });
    setMessage(answer.message);
  });
  if (message) {
    return (
      <p className="large" role="status">
        {message}
      </p>
    );
  }
  return (
    <form onSubmit={form.submit}>
      <Email form={form} />
      <Problem form={form} />
      <button className="button" disabled={form.busy}>
        {say("sendLink")}
      </button>
    </form>
  );
}

function Email({ form }: { form: Form }) {
  const { say } = useWords();
  return <Field label={say("email")} name="email" type="email" autoComplete="username" required problems={form.fields.email} />;
}

export function Problem({ form }: { form: Form }) {
  return <div role="alert">{form.problem ? <p className="problem">{form.problem}</p> : null}</div>;
}

/** A password to choose; the server says "password" of whatever is wrong with it. */
export function NewPassword({ form, label = "newPassword", name = "password" }: { form: Form; label?: "password" | "newPassword"; name?: string }) {
  const { say } = useWords();
  return (
    <Field
      label={say(label)}
      name={name}
      type="password"
      autoComplete="new-password"
      minLength={8}
      required
      hint={say("passwordHint")}
      problems={form.fields[name] ?? form.fields.password}
    />
  );
}
