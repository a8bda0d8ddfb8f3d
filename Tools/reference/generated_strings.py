"""Strings that try a tokenizer: the same ones, from the same seed, as Tests/TokenizationTests/GeneratedStrings.swift.

Each string is a list of UTF-16 code units, among them unpaired surrogates.
"""

WORDS = [
    "right", "Lower", "lobe", "PNEUMONIA", "cardiomegaly", "effusion", "pneumothorax", "no", "Acute", "XXXX", "opacity",
    "don't", "unaffable", "hyperinflation", "bronchovascular", "T-spine", "5mm", "costophrenic", "[SEP]", "[CLS]",
    "[MASK]", "[UNK]", "[PAD]", "[sep]", "##ing", "[", "İstanbul", "STRASSE", "ΌΣΟΣ", "œuvre", "naïve", "Ångström",
]
RANGES = [
    (0x21, 0x7E), (0x20, 0x20), (0x00, 0x1F), (0x7F, 0xA0), (0xA1, 0x24F), (0x250, 0x2FF), (0x300, 0x36F),
    (0x370, 0x52F), (0x590, 0x6FF), (0x700, 0x8FF), (0x900, 0xDFF), (0xE00, 0x109F), (0x1100, 0x11FF), (0x1E00, 0x1FFF),
    (0x2000, 0x206F), (0x2070, 0x2BFF), (0x3000, 0x30FF), (0x3400, 0x4DFF), (0x4E00, 0x9FFF), (0xA000, 0xABFF),
    (0xAC00, 0xD7A3), (0xD800, 0xDFFF), (0xE000, 0xF8FF), (0xF900, 0xFAFF), (0xFB00, 0xFEFF), (0xFF00, 0xFFFF),
    (0x10000, 0x11FFF), (0x1B000, 0x1D7FF), (0x1E000, 0x1EFFF), (0x1F000, 0x1FAFF), (0x20000, 0x2FFFF),
    (0xE0000, 0xE01FF), (0xF0000, 0x10FFFF), (0x0, 0x10FFFF),
]
SEQUENCES = [
    [0x1F468, 0x200D, 0x1F469, 0x200D, 0x1F467], [0x1F44D, 0x1F3FD], [0x2764, 0xFE0F], [0x1F1E9, 0x1F1EA],
    [0x65, 0x301, 0x323], [0x1112, 0x1161, 0x11AB], [0x302E, 0x1D165, 0x20D0, 0x334], [0xD83D], [0xDE00],
    [0xDE00, 0xD83D], [0xFEFF], [0x0D, 0x0A],
]


class SplitMix64:
    """Steele, Lea & Flood 2014."""

    MASK = (1 << 64) - 1

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & self.MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & self.MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & self.MASK
        return z ^ (z >> 31)

    def below(self, bound):
        return self.next() % bound


def units(scalar):
    if scalar < 0x10000:
        return [scalar]
    return [0xD800 + ((scalar - 0x10000) >> 10), 0xDC00 + ((scalar - 0x10000) & 0x3FF)]


def generated_string(index):
    """The string of this index as UTF-16 code units."""
    random = SplitMix64(index * 1_000_003 + 17)
    out = []
    for _ in range(random.below(24)):
        kind = random.below(8)
        if kind < 2:
            for character in WORDS[random.below(len(WORDS))]:
                out += units(ord(character))
            if random.below(4) > 0:
                out.append(0x20)
        elif kind < 5:
            first, last = RANGES[random.below(len(RANGES))]
            for _ in range(1 + random.below(8)):
                out += units(first + random.below(last - first + 1))
        elif kind == 5:
            for scalar in SEQUENCES[random.below(len(SEQUENCES))]:
                out += units(scalar)
        elif kind == 6:
            first, last = RANGES[random.below(len(RANGES))]
            scalar = units(first + random.below(last - first + 1))
            count = 1 + random.below(8) if random.below(4) > 0 else 90 + random.below(20)
            out += scalar * count
        else:
            out += [0x41 + random.below(26) + 32 * random.below(2) for _ in range(1 + random.below(12))]
    return out


def repaired(code_units):
    """Unpaired surrogates become U+FFFD; `tokenizers` itself refuses them."""
    data = b"".join(unit.to_bytes(2, "little") for unit in code_units)
    return data.decode("utf-16-le", errors="replace")
