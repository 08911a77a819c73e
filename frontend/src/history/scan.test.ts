import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { user } from "../api/session";
import { device } from "../engine/device";
import { UnreadablePhotoError } from "../engine/photo";
import { recognition } from "../testing/scan";
import { json, owner, paths, server, startAfresh } from "../testing/server";
import { NobodyAnswersError, scan } from "./scan";
import { scans } from "./store";

// jsdom opens no picture: every file is one that the browser cannot open.
const heic = new File(["heic"], "IMG_1.HEIC", { type: "image/heic" });
const form = () => server.sent[0]!.body as FormData;

beforeEach(async () => {
  await startAfresh();
  device.set({ state: "ready" });
  server.answers["/api/photos"] = ({ body }) =>
    json({ recognition: recognition(), correction: { token: "t" }, scan: { id: (body as FormData).get("id"), photo: null } });
});
afterEach(() => vi.unstubAllGlobals());

describe("a file that this browser cannot open", () => {
  it("goes to the server, and that is said first", async () => {
    const sending = vi.fn(() => expect(server.sent).toEqual([]));
    const made = await scan(heic, sending);
    expect(sending).toHaveBeenCalledOnce();
    expect(paths()).toEqual(["POST /api/photos"]);
    expect((form().get("photo") as File).name).toBe("photo.jpg");
    expect(made).toMatchObject({ source: "server", photo: null });
  });

  it("is one scan here and in the account", async () => {
    user.set(owner());
    const made = await scan(heic);
    expect(form().get("id")).toBe(made.id);
    expect(form().get("scanned_at")).toBe(made.at);
    expect(scans.get()).toMatchObject([{ id: made.id, remote: made.id }]);
  });

  it("waits for the network, and says why", async () => {
    delete server.answers["/api/photos"];
    const refused = await scan(heic).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(NobodyAnswersError);
    expect((refused as NobodyAnswersError).word).toBe("fileNeedsNetwork");
    expect(scans.get()).toEqual([]);
  });

  it("stays here when it is no picture at all", async () => {
    const letter = new File(["dear"], "letter.txt", { type: "text/plain" });
    await expect(scan(letter)).rejects.toBeInstanceOf(UnreadablePhotoError);
    expect(server.sent).toEqual([]);
  });
});
