"""Writes Tests/Fixtures/mimic-cxr-jpg and Tests/Fixtures/chexpert: a few rows in the layouts of MIMIC-CXR-JPG 2.0.0 and
CheXpert 1.0. Every name, value and sentence is made up here; nothing comes from either collection.

    python Tools/reference/table_fixtures.py

Needs Pillow, for images of 24 x 20.
"""

import gzip
from pathlib import Path

from PIL import Image

TARGET = Path(__file__).resolve().parents[2] / "Tests" / "Fixtures"
FINDINGS = (
    "Atelectasis,Cardiomegaly,Consolidation,Edema,Enlarged Cardiomediastinum,Fracture,Lung Lesion,Lung Opacity,"
    "No Finding,Pleural Effusion,Pleural Other,Pneumonia,Pneumothorax,Support Devices"
)


def picture(path, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("L", (24, 20))
    image.putdata([(x * (seed + 3) + y * 7 + seed * 11) % 256 for y in range(20) for x in range(24)])
    image.save(path)


def packed(path, text):
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def mimic():
    root = TARGET / "mimic-cxr-jpg"
    root.mkdir(parents=True, exist_ok=True)
    images = [
        # subject, study, image, view
        (10000032, 50000001, "aaaaaaaa-00000001-00000001-00000001-00000001", "PA"),
        (10000032, 50000001, "aaaaaaaa-00000001-00000001-00000001-00000002", "LATERAL"),
        (10000032, 50000002, "aaaaaaaa-00000001-00000001-00000001-00000003", "AP"),
        (11000011, 51000001, "bbbbbbbb-00000001-00000001-00000001-00000001", "LL"),
        (11000011, 51000001, "bbbbbbbb-00000001-00000001-00000001-00000002", "PA"),
        (12000012, 52000001, "cccccccc-00000001-00000001-00000001-00000001", "AP"),
        (12000012, 52000001, "cccccccc-00000001-00000001-00000001-00000002", ""),
    ]
    header = (
        "dicom_id,subject_id,study_id,PerformedProcedureStepDescription,ViewPosition,Rows,Columns,StudyDate,StudyTime,"
        "ProcedureCodeSequence_CodeMeaning,ViewCodeSequence_CodeMeaning,PatientOrientationCodeSequence_CodeMeaning\n"
    )
    rows = [
        f'{image},{subject},{study},"CHEST (PA, LAT)",{view},20,24,21800506,213014.531,CHEST,,Erect\n'
        for subject, study, image, view in images
    ]
    packed(root / "mimic-cxr-2.0.0-metadata.csv.gz", header + "".join(rows))
    states = {
        (10000032, 50000001): {"No Finding": "1.0"},
        (10000032, 50000002): {"Atelectasis": "-1.0", "Pleural Effusion": "1.0", "Pneumothorax": "0.0"},
        (11000011, 51000001): {"Cardiomegaly": "1.0", "Support Devices": "1.0"},
    }
    lines = [
        f"{subject},{study}," + ",".join(values.get(name, "") for name in FINDINGS.split(",")) + "\n"
        for (subject, study), values in states.items()
    ]
    packed(root / "mimic-cxr-2.0.0-chexpert.csv.gz", f"subject_id,study_id,{FINDINGS}\n" + "".join(lines))
    splits = {10000032: "train", 11000011: "validate", 12000012: "test"}
    lines = [f"{image},{study},{subject},{splits[subject]}\n" for subject, study, image, _ in images]
    packed(root / "mimic-cxr-2.0.0-split.csv.gz", "dicom_id,study_id,subject_id,split\n" + "".join(lines))
    for number, (subject, study, image, _) in enumerate(images):
        folder = root / "files" / f"p{str(subject)[:2]}" / f"p{subject}"
        if number < 6:
            picture(folder / f"s{study}" / f"{image}.jpg", number)
    text = " FINAL REPORT\n FINDINGS: Both lungs are free of opacity.\n\n IMPRESSION: Nothing acute.\n"
    (root / "files/p10/p10000032/s50000001.txt").write_text(text)


def chexpert():
    root = TARGET / "chexpert"
    root.mkdir(parents=True, exist_ok=True)
    names = (
        "No Finding,Enlarged Cardiomediastinum,Cardiomegaly,Lung Opacity,Lung Lesion,Edema,Consolidation,Pneumonia,"
        "Atelectasis,Pneumothorax,Pleural Effusion,Pleural Other,Fracture,Support Devices"
    )
    header = f"Path,Sex,Age,Frontal/Lateral,AP/PA,{names}\n"
    base = "CheXpert-v1.0-small"
    train = [
        (f"{base}/train/patient00001/study1/view1_frontal.jpg", "Female,68,Frontal,AP", "1.0" + "," * 13 + "1.0"),
        (f"{base}/train/patient00002/study2/view1_frontal.jpg", "Female,87,Frontal,PA", ",,-1.0,1.0,,-1.0,-1.0,,-1.0,,-1.0,,1.0,"),
        (f"{base}/train/patient00002/study2/view2_lateral.jpg", "Female,87,Lateral,", ",,-1.0,1.0,,-1.0,-1.0,,-1.0,,-1.0,,1.0,"),
        (f"{base}/train/patient00003/study1/view1_frontal.jpg", "Unknown,0,Frontal,AP", ",,,,,1.0,,,,0.0,,,,"),
    ]
    valid = [
        (f"{base}/valid/patient64541/study1/view1_frontal.jpg", "Male,73,Frontal,AP", "0.0,1.0,1.0" + ",0.0" * 11),
    ]
    for file, rows in (("train.csv", train), ("valid.csv", valid)):
        (root / file).write_text(header + "".join(f"{path},{rest},{labels}\n" for path, rest, labels in rows))
        for number, (path, _, _) in enumerate(rows):
            picture(root / path.removeprefix(base + "/"), number + len(file))


if __name__ == "__main__":
    mimic()
    chexpert()
