# SPDX-License-Identifier: GPL-2.0-or-later
"""Scripts as they are written for pyMATE run with no more than their import lines changed.

In the guest, see tests/site/pymate.t.
"""
import base64
import glob
import http.server
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import unittest

import matenet
from guest import FOLDER, held, wire_clear, written
from matenet.pymate import DCStatusPacket, FXStatusPacket, MXLogPagePacket, MXStatusPacket

HERE = os.path.dirname(os.path.abspath(__file__))
IMPORT = re.compile(r"^from pymate(\.\w+)* import ", re.M)


def ported(path):
    """Its text for matenet, and how many lines are different."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    return IMPORT.subn("from matenet.pymate import ", text)


class Scripts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bus = matenet.Bus(0)
        cls.mx, cls.fx, cls.dc = (cls.bus.device(port) for port in (1, 2, 3))

    @classmethod
    def tearDownClass(cls):
        cls.bus.close()

    def run_script(self, name, *arguments, warnings=""):
        text, changed = ported(f"{HERE}/scripts/{name}.py")
        self.assertGreater(changed, 0)
        self.assertNotIn("pymate.matenet", text)
        with tempfile.TemporaryDirectory(dir=FOLDER) as tmp:
            with open(f"{tmp}/script.py", "w", encoding="utf-8") as f:
                f.write(text)
            done = subprocess.run([sys.executable, f"{tmp}/script.py", *arguments], capture_output=True,
                                  text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, warnings or r"\A\Z")
        words = (line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
        return {first: rest for first, rest in words}

    def test_bus_scan(self):
        found = self.run_script("bus_scan", "/dev/ttyW0")
        self.assertEqual(found["1"], f"MX {self.mx.info.revision}")
        self.assertEqual(found["3"], f"FLEXnet DC {self.dc.info.revision}")
        self.assertEqual((len(found), found["9"]), (10, "-"))

    def test_mx_report(self):
        said = self.run_script("mx_report", "/dev/ttyW0")
        page, day = self.mx.status(), self.mx.log(1)
        self.assertEqual(said["revision"], self.mx.info.revision)
        self.assertEqual(said["bat_voltage"], f"{page.battery_voltage}V {page.battery_voltage:.3f}")
        self.assertEqual(said["amp_hours"], f"{page.charge_today}Ah {page.charge_today:.3f}")
        self.assertEqual(said["bulk"], str(page.charge_mode.name == "bulk"))
        self.assertEqual(said["log_kilowatts_peak"], f"{day.power_max / 1000:.3f}kWpk")
        self.assertEqual(said["log_day"], "1")
        self.assertEqual(said["reg_setpt_absorb"], f"{self.mx['absorb_setpoint']}V")

    def test_fx_report(self):
        wire_clear()
        said = self.run_script("fx_report", "/dev/ttyW0")
        self.assertEqual(said["revision"], f"FW:{self.fx.info.revision}")
        self.assertEqual(said["battery"], f"{self.fx.status().battery_voltage}V")
        self.assertEqual(said["reg_output_voltage"], f"{self.fx['output_voltage']}V")
        for name in ("inverter_control", "acin_control", "charge_control", "aux_control", "eq_control"):
            self.assertEqual(said[name], "1")
        self.assertEqual([value for _, _, addr, value in written() if addr == 0x3D], [0, 1, 2])
        self.assertEqual(held(2, "inverter_control"), 2)

    def test_dc_report(self):
        said = self.run_script("dc_report", "/dev/ttyW0",
                               warnings="DeprecationWarning: shunta_kwh_today .*since the battery was full")
        page = self.dc.status()
        self.assertEqual(said["bytes"], "78")
        self.assertEqual(said["state_of_charge"], f"{page.state_of_charge}% {page.state_of_charge:.2f}")
        self.assertEqual(said["shunta_kwh_today"].split()[1], f"{page.since_full_shunt_a_energy:.2f}")
        self.assertEqual(said["in_power"], f"{page.input_power:.2f}kW {page.input_power:.2f}")

    def test_collector(self):
        got = {}

        class Server(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                packet = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                got[self.path] = packet
                self.send_response(201)
                self.end_headers()

            def log_message(self, *_):
                pass
        with http.server.HTTPServer(("127.0.0.1", 0), Server) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            said = self.run_script("collector", "/dev/ttyW0", f"http://127.0.0.1:{server.server_port}/mate")
            server.shutdown()
            thread.join()
        decoded = {"/mate/mx-status": MXStatusPacket, "/mate/fx-status": FXStatusPacket,
                   "/mate/dc-status": DCStatusPacket, "/mate/mx-logpage": MXLogPagePacket}
        self.assertEqual(set(got), set(decoded))
        for path, packet in got.items():
            decoded[path] = decoded[path].from_buffer(base64.b64decode(packet["data"]))
        self.assertEqual(decoded["/mate/mx-status"].raw, self.mx.status().raw)
        self.assertEqual(decoded["/mate/dc-status"].bat_voltage, self.dc.status().battery_voltage)
        self.assertEqual(said["battery"], f"{matenet.battery_celsius(self.mx['battery_temp_raw'])}C")

    def test_all_scripts_are_run(self):
        for path in glob.glob(f"{HERE}/scripts/*.py"):
            self.assertTrue(hasattr(self, "test_" + os.path.basename(path)[:-3]), path)


if __name__ == "__main__":
    unittest.main()
