import { useState } from "react";
import { useLocation, useSearch } from "wouter";
import { ApiError } from "../../api/http";
import { verify } from "../../api/session";
import { useWords } from "../../i18n/useWords";
import { Field } from "../../parts/Field";
import { Page } from "../../parts/Page";
import { text, useForm } from "../../parts/useForm";
import { Problem } from "./Forms";
import "./Account.css";

/** Where the link of the first mail leads. A button confirms it: mail programs open links by themselves. */
export default function Verify() {
  const { say } = useWords();
  const [, go] = useLocation();
  const token = new URLSearchParams(useSearch()).get("token") ?? "";
  const [password, setPassword] = useState(false);
  const form = useForm(async (values) => {
    try {
      await verify(token, password ? text(values, "password") : undefined);
      go("/account");
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "password-needed") throw error;
      setPassword(true);
    }
  });
  return (
    <Page title={say("verifyTitle")} className="sheet">
      <h1 className="title">{say("verifyTitle")}</h1>
      <form className="narrow" onSubmit={form.submit}>
        {password ? (
          <>
            <p>{say("verifyPassword")}</p>
            <Field label={say("password")} name="password" type="password" autoComplete="current-password" required problems={form.fields.password} />
          </>
        ) : null}
        <Problem form={form} />
        <button className="button" disabled={form.busy}>
          {say("confirm")}
        </button>
      </form>
    </Page>
  );
}
