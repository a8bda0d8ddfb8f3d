"""Writes Sources/Tokenization/UnicodeTables.swift by asking Hugging Face `tokenizers` about every Unicode scalar.

The library's BERT parts mix Unicode versions: general categories from one crate (Unicode 8), decompositions from
another (Unicode 12), lower-casing and white space from the Rust standard library it was compiled with. The standard
library of Swift has its own version, which on macOS changes with the system. Tables taken from the library itself
are the one way to agree with it on every scalar, everywhere.

    python Tools/reference/tokenizer_tables.py > Sources/Tokenization/UnicodeTables.swift
"""

import textwrap
import unicodedata

import tokenizers
from tokenizers.normalizers import NFD, BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

SCALARS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
HANGUL = range(0xAC00, 0xD7A4)


def normalizer(**on):
    off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return BertNormalizer(**{**off, **on}).normalize_str


clean = normalizer(clean_text=True)
chinese = normalizer(handle_chinese_chars=True)
strip = normalizer(strip_accents=True)
lower = normalizer(lowercase=True)
nfd = NFD().normalize_str
pre = BertPreTokenizer().pre_tokenize_str


def classify():
    tables = {name: [] for name in ("removed", "cleanedToSpace", "whitespace", "punctuation", "chinese", "marks")}
    decompositions, lowercase = {}, {}
    for c in SCALARS:
        s = chr(c)
        cleaned = clean(s)
        if cleaned == "":
            tables["removed"].append(c)
        elif cleaned != s:
            assert cleaned == " "
            tables["cleanedToSpace"].append(c)
        if chinese(s) != s:
            tables["chinese"].append(c)
        decomposed = nfd(s)
        if decomposed == s:
            if strip(s) == "":
                tables["marks"].append(c)
        elif c in HANGUL:
            index = c - 0xAC00
            jamo = [0x1100 + index // 588, 0x1161 + index % 588 // 28] + [0x11A7 + index % 28] * (index % 28 > 0)
            assert decomposed == "".join(map(chr, jamo))
        else:
            decompositions[c] = decomposed
        if lower(s) != s:
            lowercase[c] = lower(s)
        words = [word for word, _ in pre("a" + s + "b")]
        if words == ["a", "b"]:
            tables["whitespace"].append(c)
        elif words == ["a", s, "b"]:
            tables["punctuation"].append(c)
        else:
            assert words == ["a" + s + "b"]
    return tables, decompositions, lowercase


def combining_ranks(decompositions):
    """The rank of each scalar's canonical combining class among the classes in use, found by what NFD reorders."""
    representatives = {}
    for c in SCALARS:
        rank = unicodedata.combining(chr(c))
        if rank and nfd(chr(c)) == chr(c) and nfd(chr(c) + "\u0334") != chr(c) + "\u0334":
            representatives.setdefault(rank, c)
    representatives[1] = 0x0334
    order = [chr(representatives[rank]) for rank in sorted(representatives)]
    highest = order[-1]
    ranks = {}
    for c in SCALARS:
        s = chr(c)
        if c in decompositions or c in HANGUL:
            continue
        # Of two scalars, NFD exchanges those whose classes are both above zero and in descending order.
        if s != highest and nfd(highest + s) == highest + s and nfd(s + order[0]) == s + order[0]:
            continue
        ranks[c] = 1 + sum(nfd(s + other) != s + other for other in order)
    return ranks


def runs(values):
    out = []
    for c in values:
        if out and out[-1][1] == c - 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return out


def span(first, last):
    return f"{first:x}" if first == last else f"{first:x}-{last:x}"


def lowercase_runs(mapping):
    """Runs of scalars one or two apart that map by one offset: `first-last/step+offset`; others as `scalar=a.b`."""
    singles = {c: t for c, t in mapping.items() if len(t) != 1}
    items = [(c, ord(t) - c) for c, t in mapping.items() if len(t) == 1]
    out, i = [], 0
    while i < len(items):
        best = i
        step = 1
        for candidate in (1, 2):
            j = i
            while j + 1 < len(items) and items[j + 1] == (items[j][0] + candidate, items[i][1]):
                j += 1
            if j > best:
                best, step = j, candidate
        offset = items[i][1]
        out.append(f"{items[i][0]:x}-{items[best][0]:x}/{step}{'-' if offset < 0 else '+'}{abs(offset):x}")
        i = best + 1
    return out + [f"{c:x}=" + ".".join(f"{ord(x):x}" for x in t) for c, t in singles.items()]


def literal(name, entries, comment):
    body = "\n".join("    " + line + " \\" for line in textwrap.wrap(" ".join(entries), 112, break_on_hyphens=False))
    print(f'\n  /// {comment}\n  static let {name} = """\n{body[:-2]}\n    """')


def main():
    tables, decompositions, lowercase = classify()
    ranks = combining_ranks(decompositions)
    print(f"// Generated by Tools/reference/tokenizer_tables.py from Hugging Face tokenizers {tokenizers.__version__}.")
    print("// Do not edit: change the script and run it again.")
    print("\n/// What Hugging Face `tokenizers` knows of every Unicode scalar, in hexadecimal, separated by spaces.")
    print("enum UnicodeTables {", end="")
    comments = {
        "removed": "Deleted by `clean_text`: controls, formats, private use, U+0000 and U+FFFD.",
        "cleanedToSpace": "Replaced by a space by `clean_text`.",
        "whitespace": "Separates words.",
        "punctuation": "Is a word by itself.",
        "chinese": "Put between spaces by `handle_chinese_chars`.",
        "marks": "Non-spacing marks, deleted by `strip_accents` after decomposition.",
    }
    for name, comment in comments.items():
        literal(name, [span(a, b) for a, b in runs(tables[name])], comment)
    grouped = []
    for c in sorted(ranks):
        if grouped and grouped[-1][1] == c - 1 and grouped[-1][2] == ranks[c]:
            grouped[-1][1] = c
        else:
            grouped.append([c, c, ranks[c]])
    literal("combiningRanks", [f"{span(a, b)}:{r:x}" for a, b, r in grouped],
            "The order of canonical combining classes above zero: `range:rank`.")
    literal("lowercase", lowercase_runs(lowercase),
            "Lower case: `first-last/step+offset`, or `scalar=scalar.scalar`.")
    literal("decompositions",
            [f"{c:x}=" + ".".join(f"{ord(x):x}" for x in t) for c, t in decompositions.items()],
            "Full canonical decompositions but for Hangul syllables: `scalar=scalar.scalar`.")
    print("}")


main()
