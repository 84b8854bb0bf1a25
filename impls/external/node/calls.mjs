// HTTP calls, and what becomes of them. Not by fetch: it closes connections that were idle for four seconds, which only
// a package that is not part of Node.js can change.
import http from 'node:http';

export class Calls {
  #agent;
  #target;

  constructor({ host, port, connection }) {
    this.#agent = new http.Agent({ keepAlive: connection === 'reuse', maxFreeSockets: Infinity, noDelay: true });
    this.#target = { host, port, agent: this.#agent };
  }

  close() {
    this.#agent.destroy();
  }

  /**
   * Makes one call. Resolves when nothing of it is left, whatever it came to; where the signal is aborted before, its
   * connection is closed, and the reason is the verdict.
   */
  get(path, signal) {
    return new Promise((resolve) => {
      let reply = { verdict: 'transport_error', status: 0, answer: 0n, more: false, retryAfter: 0 };
      const request = http.get({ ...this.#target, path }, (response) => {
        let head = '';
        response.setEncoding('latin1');
        response.on('data', (text) => {
          if (head.length < 17) head += text.slice(0, 17);
        });
        response.on('end', () => {
          if (response.complete) reply = replyOf(response, head);
        });
      });
      const giveUp = () => {
        reply.verdict = signal.reason;
        request.destroy();
      };
      signal?.addEventListener('abort', giveUp);
      request.on('error', () => {}); // the verdict says it
      request.on('close', () => {
        signal?.removeEventListener('abort', giveUp);
        resolve(reply);
      });
    });
  }
}

function replyOf({ statusCode: status, headers }, head) {
  const answer = /^[0-9a-f]{16}/.exec(head);
  const ok = status >= 200 && status <= 299;
  return {
    verdict: ok ? 'ok' : 'http_error',
    status,
    answer: answer ? BigInt(`0x${answer}`) : 0n,
    more: head[16] === '+',
    retryAfter: ok ? 0 : Number(headers['retry-after-ms'] ?? (headers['retry-after'] ?? 0) * 1000),
  };
}
