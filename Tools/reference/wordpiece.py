"""Golden values of Tests/TokenizationTests, from Hugging Face `tokenizers`.

    python Tools/reference/wordpiece.py train              # cased.json: a small cased tokenizer, trained on generated text
    python Tools/reference/wordpiece.py golden [SHARED]    # the .tsv files; with SHARED (../shared) the IU reports' too

The reports' licence allows no copies, so what is stored of them is a hash of each report's identifiers.
"""

import csv
import re
import sys
import tarfile
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from generated_strings import SplitMix64, WORDS, generated_string, repaired

FIXTURES = Path(__file__).resolve().parents[2] / "Tests" / "Fixtures" / "tokenization"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
STRINGS = 10_000
STRINGS_PER_LINE = 10
SCALARS_PER_LINE = 4096
# Planes 0 to 2, and one line of each plane beyond that has characters or private use.
SCALAR_LINES = [*range(0x30), 0x30, 0xE0, 0xF0, 0x10F]
GENERATED_LIMIT = 24
FIELD_LIMIT = 256
SENTENCE_LIMIT = 12
# clean_text, handle_chinese_chars, strip_accents, lowercase
CONFIGURATIONS = [(True,) * 4, (True, True, False, False), (False, False, True, False), (False, False, False, True)]


class Digest:
    """FNV-1a of 64 bits over 32-bit little-endian integers."""

    def __init__(self):
        self.value = 0xCBF29CE484222325

    def add(self, *integers):
        for integer in integers:
            for byte in (integer & 0xFFFFFFFF).to_bytes(4, "little"):
                self.value = ((self.value ^ byte) * 0x100000001B3) & SplitMix64.MASK

    def __str__(self):
        return f"{self.value:016x}"


def train():
    random = SplitMix64(2024)
    texts = [" ".join(WORDS[random.below(len(WORDS))] for _ in range(12)) for _ in range(400)]
    texts += [repaired(generated_string(STRINGS + i)) for i in range(4_000)]
    texts += [
        "The Heart is normal in size. The Lungs are clear. There is no Pleural Effusion or Pneumothorax.",
        "Right lower lobe Pneumonia with focal consolidation. Mild Cardiomegaly. Degenerative changes of the spine.",
    ] * 50
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(
        texts,
        trainers.WordPieceTrainer(
            vocab_size=5_000, limit_alphabet=1_000, min_frequency=2, special_tokens=SPECIAL, show_progress=False))
    ids = {token: tokenizer.token_to_id(token) for token in SPECIAL}
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", ids["[SEP]"]), ("[CLS]", ids["[CLS]"]))
    tokenizer.save(str(FIXTURES / "cased.json"), pretty=False)


def uncased():
    tokenizer = Tokenizer(models.WordPiece.from_file(str(FIXTURES / "uncased" / "vocab.txt"), unk_token="[UNK]"))
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ids = {token: tokenizer.token_to_id(token) for token in SPECIAL}
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", ids["[SEP]"]), ("[CLS]", ids["[CLS]"]))
    return tokenizer


def add_encoding(digest, tokenizer, text, limit):
    """Adds the identifiers and, of a text that is cut, the numbers of tokens and where the first dropped one begins."""
    encoding = tokenizer.encode(text)
    room = limit - 2
    tokens = encoding.ids[1:-1]
    ids = [encoding.ids[0], *tokens[:room], encoding.ids[-1]]
    digest.add(len(ids), *ids)
    if len(tokens) > room:
        digest.add(len(tokens), encoding.offsets[1 + room][0])


def digests(tokenizers, texts):
    """A digest for each tokenizer of texts with their limits."""
    out = []
    for tokenizer in tokenizers:
        digest = Digest()
        for text, limit in texts:
            add_encoding(digest, tokenizer, text, limit)
        out.append(str(digest))
    return out


def report_texts(fields):
    """Each field of a report as a whole, then each of its sentences."""
    sentences = [sentence for field in fields for sentence in field.split(". ") if sentence]
    return [(field, FIELD_LIMIT) for field in fields] + [(sentence, SENTENCE_LIMIT) for sentence in sentences]


def write(name, rows):
    (FIXTURES / name).write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))
    print(name, len(rows))


def golden_generated(tokenizers):
    rows = []
    for first in range(0, STRINGS, STRINGS_PER_LINE):
        strings = [generated_string(i) for i in range(first, first + STRINGS_PER_LINE)]
        units = Digest()
        for string in strings:
            units.add(len(string), *string)
        rows.append([units, *digests(tokenizers, [(repaired(string), GENERATED_LIMIT) for string in strings])])
    write("generated.tsv", rows)


def golden_scalars():
    """The words of `a<scalar>b<scalar><U+0327> ` for the scalars, by each combination of the normaliser's options."""
    configurations = [
        normalizers.BertNormalizer(clean_text=clean, handle_chinese_chars=chinese, strip_accents=strip, lowercase=lower)
        for clean, chinese, strip, lower in CONFIGURATIONS
    ]
    pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    rows = []
    for line in SCALAR_LINES:
        first = line * SCALARS_PER_LINE
        scalars = [c for c in range(first, first + SCALARS_PER_LINE) if not 0xD800 <= c <= 0xDFFF]
        text = "".join(f"a{chr(c)}b{chr(c)}\u0327 " for c in scalars)
        row = [line]
        for normalizer in configurations:
            digest = Digest()
            for word, _ in pre_tokenizer.pre_tokenize_str(normalizer.normalize_str(text)):
                digest.add(len(word), *map(ord, word))
            row.append(digest)
        rows.append(row)
    write("scalars.tsv", rows)


def golden_long(tokenizers):
    texts = ["a" * (1 << 20), "é" * (1 << 20), "e" + "\u0323\u0301" * (1 << 18), "水" * (1 << 18), "word " * (1 << 17)]
    write("long.tsv", [digests(tokenizers, [(text, FIELD_LIMIT)]) for text in texts])


def golden_reports(tokenizers, shared):
    rows = []
    with open(shared / "data/iu/indiana_reports.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            fields = [row[name] for name in ("indication", "comparison", "findings", "impression")]
            rows.append([row["uid"], *digests(tokenizers, report_texts(fields))])
    write("iu-csv.tsv", rows)
    rows = []
    with tarfile.open(shared / "data/iu/NLMCXR_reports.tgz") as archive:
        for member in archive:
            if not member.isfile():
                continue
            xml = archive.extractfile(member).read().decode("utf-8")
            fields = re.findall(r"<AbstractText[^>/]*>([^<]*)</AbstractText>", xml)
            rows.append([Path(member.name).stem, *digests(tokenizers, report_texts(fields))])
    write("iu-xml.tsv", rows)


def golden(arguments):
    tokenizers = [uncased(), Tokenizer.from_file(str(FIXTURES / "cased.json"))]
    golden_generated(tokenizers)
    golden_scalars()
    golden_long(tokenizers)
    if arguments:
        golden_reports(tokenizers, Path(arguments[0]))


if __name__ == "__main__":
    train() if sys.argv[1] == "train" else golden(sys.argv[2:])
