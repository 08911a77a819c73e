import { useWords } from "../i18n/useWords";
import { Dialog } from "./Dialog";

interface Props {
  title: string;
  text: string;
  action: string;
  onConfirm(): void;
  onClose(): void;
}

/** Asks before something that cannot be undone. */
export function Confirm({ title, text, action, onConfirm, onClose }: Props) {
  const { say } = useWords();
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{text}</p>
      <div className="row">
        <button
          type="button"
          className="button"
          onClick={() => {
            onConfirm();
            onClose();
          }}
        >
          {action}
        </button>
        <button type="button" className="button quiet" onClick={onClose}>
          {say("cancel")}
        </button>
      </div>
    </Dialog>
  );
}
