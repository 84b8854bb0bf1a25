"""Runs HTTP clients as people use them against every endpoint, and counts connections: keep-alive has to work with each.

A client that is missing is skipped, with a message.
"""

import asyncio
import http.client
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from mock_server import MockServer

PATHS = [
    "/delay/1ms", "/status/200", "/bytes/0", "/bytes/100000", "/stream/3?interval=1ms", "/stream/3?interval=1ms&form=sse",
    "/drip?bytes=100&over=5ms", "/pages/3", "/anything/x?y=z", "/metrics", "/healthz", "/", "/runs/1", "/runs/1/calls/7",
    "/runs/2/calls/7",
]
# Without chunks, which HTTP/1.0 does not have, a stream ends with its connection.
KEPT_WITH_HTTP_1_0 = [path for path in PATHS if "stream" not in path and "/runs/2" not in path]


def needs(program: str):
    return unittest.skipUnless(shutil.which(program), f"{program} is not installed")


def run(*command: str, **more) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, **more)
    if done.returncode != 0:
        raise AssertionError(f"{command[0]} failed: {done.stdout}{done.stderr}")
    return done.stdout


class Clients(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(MockServer("--threads", "2"))
        self.server.get("/runs", '{"delay":"1ms"}')
        self.server.get("/runs", '{"stream":{"events":3,"interval":"1ms"}}')
        self.urls = [self.server.url + path for path in PATHS]
        self.before = self.server.connections()

    def expect_connections(self, count: int):
        # Each count asks over a connection of its own.
        self.assertEqual(self.server.connections() - self.before - 1, count)

    @needs("curl")
    def test_curl(self):
        for method in ([], ["--head"]):
            self.before = self.server.connections()
            told = run("curl", "--silent", *method, "--write-out", "\n%{num_connects} %{http_code}\n",
                       *[part for url in self.urls for part in (url, "--output", "/dev/null")])
            self.assertEqual(sorted(told.split("\n"), reverse=True)[:len(PATHS)],
                             ["1 200"] + ["0 200"] * (len(PATHS) - 1))
            self.expect_connections(1)
        reply = run("curl", "--silent", "--header", "Expect: 100-continue", "--header", "Transfer-Encoding: chunked",
                    "--data", "hello", self.server.url + "/anything")
        self.assertEqual(json.loads(reply)["body"], "hello")

    @needs("wrk")
    def test_wrk(self):
        runs = [subprocess.Popen(["wrk", "-t1", "-c1", "-d1s", url], stdout=subprocess.PIPE, text=True) for url in self.urls]
        for url, process in zip(self.urls, runs):
            with self.subTest(url):
                told = process.communicate(timeout=100)[0]
                self.assertNotIn("Non-2xx", told)
                self.assertNotIn("Socket errors", told)
                self.assertGreater(int(re.search(r"(\d+) requests in", told)[1]), 1)
        self.assertLessEqual(self.server.connections() - self.before - 1, 2 * len(PATHS))  # wrk begins with one of its own

    @needs("ab")
    def test_ab(self):
        for path in PATHS:
            with self.subTest(path):
                told = run("ab", "-k", "-l", "-n", "20", "-c", "2", self.server.url + path)
                self.assertRegex(told, r"Complete requests: +20\n")
                self.assertRegex(told, r"Failed requests: +0\n")
                self.assertNotIn("Non-2xx", told)
                if path in KEPT_WITH_HTTP_1_0:
                    self.assertRegex(told, r"Keep-Alive requests: +20\n")

    def test_http_client(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        for method in ("GET", "HEAD"):
            for path in PATHS:
                connection.request(method, path)
                reply = connection.getresponse()
                self.assertEqual(reply.status, 200, path)
                self.assertEqual(len(reply.read()) > 0, method == "GET" and path != "/bytes/0", path)
        connection.request("PUT", "/anything", iter([b"in ", b"chunks"]), {"Transfer-Encoding": "chunked"},
                           encode_chunked=True)
        self.assertEqual(json.loads(connection.getresponse().read())["body"], "in chunks")
        connection.close()
        self.expect_connections(1)

    def test_aiohttp(self):
        try:
            import aiohttp
        except ImportError:
            self.skipTest("aiohttp is not installed")

        async def talk() -> None:
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session:
                for url in self.urls:
                    async with session.get(url) as reply:
                        self.assertEqual(reply.status, 200)
                        await reply.read()
            self.expect_connections(1)
            async with aiohttp.ClientSession() as session:
                async with session.ws_connect(self.server.url + "/ws/room") as one, \
                        session.ws_connect(self.server.url + "/ws/room") as other:
                    await one.send_str("hello")
                    self.assertEqual((await other.receive()).data, "hello")

        asyncio.run(talk())

    @needs("go")
    def test_go(self):
        program = r"""package main

import ("io"; "net/http"; "os")

func main() {
	for _, url := range os.Args[1:] {
		reply, err := http.Get(url)
		if err != nil { panic(err) }
		if _, err := io.Copy(io.Discard, reply.Body); err != nil { panic(err) }
		reply.Body.Close()
		if reply.StatusCode != 200 { panic(url + " " + reply.Status) }
	}
}
"""
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "client.go")
            file.write_text(program)
            run("go", "run", str(file), *self.urls)
        self.expect_connections(1)

    @needs("node")
    def test_node_fetch(self):
        if run("node", "--print", "typeof fetch").strip() != "function":
            self.skipTest("this node has no fetch")
        run("node", "--eval", """
            (async () => {
              for (const url of process.argv.slice(1)) {
                const reply = await fetch(url);
                await reply.text();
                if (reply.status !== 200) throw new Error(url + ' ' + reply.status);
              }
            })()""", *self.urls)
        # Its pool may open another one while a reply's end is still on the way to it.
        self.assertLess(self.server.connections() - self.before - 1, len(PATHS) // 3)

    @needs("autocannon")
    def test_autocannon(self):
        for url in self.urls:
            told = json.loads(run("autocannon", "--json", "--connections", "2", "--amount", "40", url))
            self.assertEqual((told["2xx"], told["non2xx"], told["errors"], told["timeouts"]), (40, 0, 0, 0), url)
        told = json.loads(run("autocannon", "--json", "--pipelining", "4", "--amount", "400", self.urls[0]))
        self.assertEqual((told["non2xx"], told["errors"], told["timeouts"]), (0, 0, 0))


if __name__ == "__main__":
    unittest.main(verbosity=2)
