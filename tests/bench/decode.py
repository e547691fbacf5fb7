#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Status pages that the Python package decodes in a second; one line of JSON."""
import json
import random
import time

from matenet import MxStatus

PAGES, BATCHES, LEAST_S = 256, 3, 0.3


def per_s(pages):
    best = 0.0
    for _ in range(BATCHES):
        began, n = time.process_time(), 0
        while time.process_time() - began < LEAST_S:
            for page in pages:
                MxStatus.decode(page)
            n += len(pages)
        best = max(best, n / (time.process_time() - began))
    return best


random.seed(1)
print(json.dumps({"bench": "python",
                  "decode_per_s": round(per_s([random.randbytes(13) for _ in range(PAGES)]))}))
