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


def refused(*flags: str) -> tuple[int, str, str]:
    done = subprocess.run([os.environ["FANBENCH_SERVER"], *flags], capture_output=True, encoding="utf-8", timeout=20)
    return done.returncode, done.stdout, done.stderr


class Program(unittest.TestCase):
    def test_logs_a_line_of_json_per_reply(self):
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder, "log")
            with MockServer("--log", str(log)) as server:
                connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
                for method, path in (("GET", '/anything/"quoted"'), ("POST", "/nothing"), ("GET", "/delay/20ms")):
                    connection.request(method, path)
                    connection.getresponse().read()
                connection.sock.sendall("GET /anything/größe HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                connection.sock.sendall(b"GET /anything/caf\xe9\xc2\x9b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                while connection.sock.recv(65536):
                    pass
                connection.close()
            text = log.read_text("utf-8")
            lines = [json.loads(line) for line in text.splitlines()]
        self.assertEqual([(line["method"], line["target"], line["status"]) for line in lines[:3]],
                         [("GET", '/anything/"quoted"', 200), ("POST", "/nothing", 404), ("GET", "/delay/20ms", 200)])
        self.assertIn('"target":"/anything/größe"', text)
        self.assertEqual(lines[4]["target"], r"/anything/caf\xe9\u009b")
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

    def test_refuses_wrong_flags_in_one_line(self):
        too_large = "99999999999999999999"
        with MockServer() as server:
            for flags, told in (
                    (("--port", str(server.port)), f"127.0.0.1 port {server.port}: Address already in use"),
                    (("--address", "localhost"), "localhost: expected an IP address, such as 127.0.0.1 or ::1"),
                    (("--idle-timeout", "5"), '--idle-timeout: "5": a duration needs a unit: 5ms'),
                    (("--idle-timeout", ""), '--idle-timeout: "": a duration begins with a digit: 200ms'),
                    (("--request-timeout", "-1s"), '--request-timeout: "-1s": a duration begins with a digit: 200ms'),
                    (("--request-timeout", "2h"), "--request-timeout: \"2h\": a duration's unit is s, ms, us or ns: 200ms"),
                    (("--log", "/no/such/größe\n/log"), r"/no/such/größe\n/log: No such file or directory"),
                    (("--nönsense\x1b",),
                     r"not expected: --nönsense\x1b (--help lists the flags)"),
                    (("--prot", "8093"), "not expected: --prot 8093 (--help lists the flags)"),
                    (("7", "--threads", "2", "--prot", "8", "9"),
                     "not expected: 7 --prot 8 9 (--help lists the flags)"),
                    (("--port",), "--port: 1 required NUMBER missing (--help lists the flags)"),
                    (("7",), "not expected: 7 (--help lists the flags)")):
                with self.subTest(flags):
                    self.assertEqual(refused(*flags), (1, "", f"fanbench-server: {told}\n"))
        for flag, least, most in (("--port", 0, 2**16 - 1), ("--threads", 1, 256), ("--max-connections", 0, 2**32 - 1),
                                  ("--body-limit", 0, 2**64 - 1)):
            for value in ("-1", "x", "", "1.5", " 1", "0x10", "1k", "--help", str(least - 1), str(most + 1), too_large):
                with self.subTest(f"{flag} {value}"):
                    told = f'{flag}: came "{value}", expected a whole number from {least} to {most}'
                    self.assertEqual(refused(flag, value), (1, "", f"fanbench-server: {told}\n"))

    def test_help_is_no_mistake(self):
        status, said, complained = refused("--help")
        self.assertEqual((status, complained), (0, ""))
        for flag in ("--address", "--port", "--threads", "--max-connections", "--body-limit", "--idle-timeout",
                     "--request-timeout", "--log"):
            self.assertIn(flag, said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
