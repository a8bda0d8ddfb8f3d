"""Cuts Tests/Fixtures/nih and Tests/Fixtures/kermany from the publishers' data: a few images and their rows.

NIH images are reduced to 256 x 256; the Kermany files are copied as they are.

    python Tools/reference/dataset_fixtures.py SHARED_DATA_FOLDER
"""

import csv
import shutil
import sys
from pathlib import Path

from PIL import Image

TARGET = Path(__file__).resolve().parents[2] / "Tests" / "Fixtures"


def nih(source):
    target = TARGET / "nih"
    (target / "images").mkdir(parents=True, exist_ok=True)
    table = (source / "Data_Entry_2017_v2020.csv").read_text().splitlines(keepends=True)
    rows = list(csv.DictReader(table))

    def take(count, accept):
        taken = []
        for row in rows:
            if row["Image Index"] not in chosen and accept(row):
                chosen.add(row["Image Index"])
                taken.append(row)
            if len(taken) == count:
                return

    chosen = set()
    take(1, lambda row: row["Finding Labels"] == "No Finding" and int(row["Patient Age"]) < 13)
    take(3, lambda row: row["Finding Labels"] == "No Finding" and row["View Position"] == "PA")
    take(2, lambda row: row["Finding Labels"] == "No Finding" and row["View Position"] == "AP")
    take(2, lambda row: row["Finding Labels"] == "Pneumonia")
    take(1, lambda row: "Cardiomegaly" in row["Finding Labels"])
    take(1, lambda row: "Effusion" in row["Finding Labels"])
    take(1, lambda row: "Pneumothorax" in row["Finding Labels"])
    # The one image that two follow-ups share, byte for byte.
    chosen |= {"00002658_001.png", "00002658_002.png"}
    lines = [line for line in table[1:] if line.split(",")[0] in chosen]
    (target / "Data_Entry_2017_v2020.csv").write_text(table[0] + "".join(lines))
    for name in chosen:
        image = Image.open(source / "images" / name).convert("L")
        image.resize((256, 256), Image.Resampling.BILINEAR).save(target / "images" / name, optimize=True)


def kermany(source):
    target = TARGET / "kermany"
    names = {
        "NORMAL": ["IM-*-0001.jpeg"] * 3 + ["NORMAL2-IM-*-0001.jpeg"] * 2 + ["NORMAL2-IM-*-0001-0001.jpeg"],
        "PNEUMONIA": ["person*_bacteria_*.jpeg"] * 3 + ["person*_virus_*.jpeg"] * 3,
    }
    for folder, patterns in names.items():
        (target / folder).mkdir(parents=True, exist_ok=True)
        taken = set()
        for pattern in patterns:
            file = next(f for f in sorted((source / folder).glob(pattern)) if f not in taken)
            taken.add(file)
            shutil.copyfile(file, target / folder / file.name)


if __name__ == "__main__":
    shared = Path(sys.argv[1])
    nih(shared / "nih")
    kermany(shared / "kermany")
