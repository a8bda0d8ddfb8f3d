"""Holds the verdicts of SafetensorsFile on mutated files against those of the safetensors package.

    fuzz tensor-files safetensors Tests/Fixtures/fuzz Tests/Fixtures/tensor_files --cases 300000 --dump cases
    python Tools/reference/compare_safetensors.py cases

Ends with 1 when SafetensorsFile accepted a file that the package refuses. Prints the others by what the package lets
pass.
"""

import collections
import json
import sys

import safetensors


def lenience(case):
    """What SafetensorsFile refuses in a file that the package accepts."""
    header = case[8 : 8 + int.from_bytes(case[:8], "little")]
    if not header.startswith(b"{"):
        return "blanks before the header"
    keys = []

    def note(pairs):
        names = [name for name, _ in pairs]
        keys.extend(name for name in names if names.count(name) > 1)
        return dict(pairs)

    text = json.dumps(json.loads(header, object_pairs_hook=note))
    if keys:
        return "a key twice"
    numbers = "".join(character if character.isdigit() else " " for character in text).split()
    if any(int(number) >= 2**63 for number in numbers):
        return "an integer of 2^63 and above"
    return "unknown: " + repr(case[:200])


def main():
    data = open(sys.argv[1], "rb").read()
    counts = collections.Counter()
    position = 0
    while position < len(data):
        length = int.from_bytes(data[position : position + 8], "little")
        accepted = data[position + 8] == 1
        case = data[position + 9 : position + 9 + length]
        position += 9 + length
        try:
            safetensors.deserialize(case)
            reference = True
        except Exception:
            reference = False
        if accepted == reference:
            counts["both accept" if accepted else "both refuse"] += 1
        elif accepted:
            counts["ACCEPTED AGAINST THE REFERENCE: " + repr(case[:200])] += 1
        else:
            counts["only the reference accepts: " + lenience(case)] += 1
    for name, count in sorted(counts.items()):
        print(f"{count:8} {name}")
    sys.exit(any(name.startswith("ACCEPTED") for name in counts))


if __name__ == "__main__":
    main()
