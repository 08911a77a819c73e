import { useState } from "react";
import { eraseAccount, type User } from "../../api/session";
import { belongsTo } from "../../history/account";
import { OFF, changeScans, scans } from "../../history/store";
import { useWords } from "../../i18n/useWords";
import { Dialog } from "../../parts/Dialog";
import { Field } from "../../parts/Field";
import { text, useForm } from "../../parts/useForm";
import { announce } from "../../state/announce";

/** Deletes the account after its password; what is on the device stays there. */
export function Erase({ owner }: { owner: User }) {
  const { say } = useWords();
  const [open, setOpen] = useState(false);
  const form = useForm(async (values) => {
    await eraseAccount(text(values, "password"));
    const own = (scans.get() ?? []).filter((scan) => belongsTo(scan, owner.id));
    const nobodys = { account: null, consents: OFF, remote: null, kept: false, token: null };
    await changeScans(own.map((scan) => scan.id), () => nobodys);
    setOpen(false);
    announce(say("erased"));
  });
  return (
    <>
      <button type="button" className="button quiet" onClick={() => setOpen(true)}>
        {say("eraseAll")}
      </button>
      {open ? (
        <Dialog title={say("eraseAll")} onClose={() => setOpen(false)}>
          <form onSubmit={form.submit}>
            <p>{say("eraseConfirm")}</p>
            <Field label={say("password")} name="password" type="password" autoComplete="current-password" required problems={form.fields.password} />
            <div role="alert">{form.problem ? <p className="problem">{form.problem}</p> : null}</div>
            <button className="button" disabled={form.busy}>
              {say("eraseAll")}
            </button>
          </form>
        </Dialog>
      ) : null}
    </>
  );
}
