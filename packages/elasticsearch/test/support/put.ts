/** Sends a PUT to Elasticsearch, and throws when it is refused. */
export function putter(url: () => string): (path: string, body: object) => Promise<void> {
  return async (path, body) => {
    const answer = await fetch(`${url()}${path}`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`PUT ${path}: ${answer.status} ${text}`);
  };
}
