// Talking to the backend.

/** An answer that was not a success; `message` is the server's sentence. */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }
}

/** Asks the backend and returns its JSON. Throws ApiError for anything but a success. */
export async function api(path, { method = "GET", body } = {}) {
  const headers = body ? { "content-type": "application/json" } : {};
  const response = await fetch(`/api${path}`, { method, headers, body: body && JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new ApiError(response.status, answer.message);
  return answer;
}

/** Asks for the bundles of a product with the older request object this endpoint's client was written for. */
export function apiLegacy(path) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", `/api${path}`);
    request.responseType = "json";
    request.onload = () =>
      request.status < 400 ? resolve(request.response) : reject(new ApiError(request.status, request.response.message));
    request.onerror = () => reject(new ApiError(0, "The shop cannot be reached."));
    request.send();
  });
}
