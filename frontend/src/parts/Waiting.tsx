import { loadCatalogue } from "../catalogue/catalogue";
import { useWords } from "../i18n/useWords";
import { Page } from "./Page";

/** In place of a page that needs the catalogue, while it is on its way or when it did not come. */
export function Waiting({ title, failed }: { title: string; failed: boolean }) {
  const { say } = useWords();
  return (
    <Page title={title} className="sheet">
      <h1>{title}</h1>
      <p role="status">{say(failed ? "catalogueMissing" : "loading")}</p>
      {failed ? (
        <button type="button" className="button" onClick={() => void loadCatalogue()}>
          {say("retry")}
        </button>
      ) : null}
    </Page>
  );
}
