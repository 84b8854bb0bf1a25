"""Runs the examples of mock_server/README.md: each has to work as it stands there, in its order."""

import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from mock_server import MockServer

README = pathlib.Path(__file__).parents[2] / "mock_server" / "README.md"
EXPECTED = {  # of the examples whose reply is not a 200
    "POST /runs": "201", "/status/503": "503", "/ws/tea": "426",
}


@unittest.skipUnless(shutil.which("curl"), "curl is not there: apt-get install curl")
class Readme(unittest.TestCase):
    def test_every_endpoint_has_an_example_that_works(self):
        text = README.read_text()
        table = text[text.index("| endpoint | try it |"):text.index("Ids go from 0")]
        examples = re.findall(r"\| `(curl [^`]*)` \|", table)
        self.assertEqual(len(examples), table.count("\n| "))
        with MockServer() as server:
            for example in examples:
                with self.subTest(example):
                    reply = self.run_example(example, server)
                    expected = next((status for what, status in EXPECTED.items() if what in example), None)
                    if expected and " -i " in example:
                        self.assertIn(f"HTTP/1.1 {expected} ", reply)
                    elif "DELETE" not in example:
                        self.assertTrue(reply)
                        self.assertNotIn("expected", reply.replace("expected a WebSocket", ""))

    def test_a_client_that_retries_gets_through(self):
        text = README.read_text()
        steps = re.findall(r"^\$ (curl .*)\n((?:(?!\$ |```).*\n)*)", text[:text.index("| flag |")], re.M)
        self.assertEqual(len(steps), 3)
        with MockServer() as server:
            for example, told in steps:
                silent = example.replace("--fail ", "--fail --no-show-error ")  # of attempts that a retry mends
                self.assertEqual(self.run_example(silent, server).rstrip(), told.rstrip(), example)

    def test_measured_latencies_become_a_plan(self):
        example = next(code for code in re.findall(r"```sh\n(.*?)\n```", README.read_text(), re.S) if "paste" in code)
        with MockServer() as server:
            self.assertEqual(self.run_example(example, server), '{"run":1}\n')
            self.assertIn('"completed"', self.run_example("curl localhost:8080/runs/1/calls/3 localhost:8080/runs/1", server))

    def run_example(self, command: str, server: MockServer) -> str:
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "latencies.txt").write_text("# exported\n1ms\n2.5ms\n1ms\n")
            command = re.sub(r"^curl ", "curl --fail-early --max-time 20 --silent --show-error ", command)
            done = subprocess.run(["bash", "-c", command.replace("localhost:8080", f"127.0.0.1:{server.port}")],
                                  cwd=folder, capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout


if __name__ == "__main__":
    unittest.main(verbosity=2)
