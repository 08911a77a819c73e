import { useEffect, useState } from "react";
import { addPasskey, listPasskeys, passkeysWork, removePasskey } from "../../api/passkeys";
import type { Passkey } from "../../api/types";
import { useWords } from "../../i18n/useWords";
import { Field } from "../../parts/Field";
import { text, useForm } from "../../parts/useForm";
import { announce } from "../../state/announce";
import { Problem } from "./Forms";

export function Passkeys({ email }: { email: string }) {
  const { say, date } = useWords();
  const [passkeys, setPasskeys] = useState<readonly Passkey[]>([]);
  const read = () => void listPasskeys().then(setPasskeys, () => undefined);
  useEffect(read, []);
  const form = useForm(async (values) => {
    await addPasskey(text(values, "passkey-password"));
    announce(say("passkeyAdded"));
    read();
  });
  const day = (moment: string) => date(moment, { dateStyle: "long" });
  return (
    <>
      <p>{say("passkeysWhy")}</p>
      <ul className="sessions">
        {passkeys.map(({ id, device, created_at: since, used_at: used }) => (
          <li key={id}>
            <b>{device}</b> {say("since", { date: day(since) })}
            {used ? `, ${say("lastUsed", { date: day(used) })}` : ""}
            <button type="button" className="button plain" onClick={() => void removePasskey(id).then(read)}>
              {say("removePasskey")}
            </button>
          </li>
        ))}
      </ul>
      {passkeysWork() ? (
        <form className="narrow" onSubmit={form.submit}>
          <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />
          <Field
            key={passkeys.length}
            label={say("currentPassword")}
            name="passkey-password"
            type="password"
            autoComplete="current-password"
            required
            problems={form.fields.password}
          />
          <Problem form={form} />
          <button className="button quiet" disabled={form.busy}>
            {say("addPasskey")}
          </button>
        </form>
      ) : (
        <p>{say("passkeysNotHere")}</p>
      )}
    </>
  );
}
