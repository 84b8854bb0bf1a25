"""Runs the mock server's program: its flags, what it says, and how it ends."""

import http.client
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

from mock_server import MockServer


def refused(*flags: str) -> tuple[int, str]:
    done = subprocess.run([os.environ["FANBENCH_SERVER"], *flags], capture_output=True, text=True, timeout=20)
    return done.returncode, done.stdout + done.stderr


class Program(unittest.TestCase):
    def test_logs_a_line_of_json_per_reply(self):
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder, "log")
            with MockServer("--log", str(log)) as server:
                connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
                for method, path in (("GET", '/anything/"quoted"'), ("POST", "/nothing"), ("GET", "/delay/20ms")):
                    connection.request(method, path)
                    connection.getresponse().read()
                connection.close()
            lines = [json.loads(line) for line in log.read_text().splitlines()]
        self.assertEqual([(line["method"], line["target"], line["status"]) for line in lines[:3]],
                         [("GET", '/anything/"quoted"', 200), ("POST", "/nothing", 404), ("GET", "/delay/20ms", 200)])
        self.assertEqual({line["connection"] for line in lines}, {0})
        self.assertGreaterEqual(lines[2]["duration_us"], 20_000)
        self.assertRegex(lines[0]["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")

    def test_limits_are_flags(self):
        with MockServer("--body-limit", "10", "--max-connections", "1", "--idle-timeout", "5s",
                        "--request-timeout", "10s", "--threads", "2") as server:
            first, second = (http.client.HTTPConnection("127.0.0.1", server.port, timeout=20) for _ in range(2))
            first.request("GET", "/healthz")
            first.getresponse().read()
            second.connect()
            reply = http.client.HTTPResponse(second.sock)  # unasked
            reply.begin()
            self.assertEqual(reply.status, 503)
            first.request("POST", "/runs", b"x" * 11)
            reply = first.getresponse()
            self.assertEqual((reply.status, reply.read()), (413, b"expected a body of at most 10 bytes\n"))
            first.close()
            second.close()

    def test_says_that_others_can_reach_it(self):
        with MockServer("--address", "0.0.0.0", stderr=subprocess.PIPE) as server:
            self.assertEqual(server.process.stderr.readline(),
                             "fanbench-server: 0.0.0.0 can be reached from other machines, and asks nobody who they are\n")
            server.process.stderr.close()

    def test_ends_in_order_on_a_signal(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with MockServer() as server:
                server.get("/healthz")
                server.process.send_signal(number)
                self.assertEqual(server.process.wait(timeout=20), 0)

    def test_refuses_wrong_flags_in_words(self):
        with MockServer() as server:
            for flags, told in ((("--port", str(server.port)), "Address already in use"),
                                (("--address", "localhost"), "expected an IP address"),
                                (("--idle-timeout", "5"), "--idle-timeout: came \"5\", expected a duration"),
                                (("--threads", "0"), "--threads"), (("--port", "65536"), "--port"),
                                (("--log", "/no/such/folder/log"), "No such file or directory"),
                                (("--nonsense",), "--nonsense")):
                status, said = refused(*flags)
                self.assertNotEqual(status, 0, flags)
                self.assertIn(told, said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
