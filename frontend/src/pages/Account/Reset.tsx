import { useState } from "react";
import { Link, useSearch } from "wouter";
import { call } from "../../api/http";
import type { Said } from "../../api/types";
import { useWords } from "../../i18n/useWords";
import { Page } from "../../parts/Page";
import { text, useForm } from "../../parts/useForm";
import { NewPassword, Problem } from "./Forms";
import "./Account.css";

/** Where the link of a reset mail leads. */
export default function Reset() {
  const { say } = useWords();
  const token = new URLSearchParams(useSearch()).get("token") ?? "";
  const [message, setMessage] = useState<string | null>(null);
  const form = useForm(async (values) => {
    const answer = await call<Said>("POST", "/api/accounts/password-reset/confirm", { token, password: text(values, "password") });
    setMessage(answer.message);
  });
  return (
    <Page title={say("resetTitle")} className="sheet">
      <h1 className="title">{say("resetTitle")}</h1>
      {message ? (
        <div role="status">
          <p className="large">{message}</p>
          <Link className="button" href="/account">
            {say("signIn")}
          </Link>
        </div>
      ) : (
        <form className="narrow" onSubmit={form.submit}>
          <NewPassword form={form} />
          <Problem form={form} />
          <button className="button" disabled={form.busy}>
            {say("save")}
          </button>
        </form>
      )}
    </Page>
  );
}
