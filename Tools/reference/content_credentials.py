"""What C2PA's own reader says of files with Content Credentials.

    pip install c2pa-python==0.38.1
    ./thorax keys make --owner "Radiology, St. Mary" --output key
    ./thorax generate "Right lower lobe pneumonia." --signing-key key --output a.png
    python3 Tools/reference/content_credentials.py FILE... [--authority key.crt]

Prints a line for each file. Ends with 1 unless every file is valid: its hashes and its signature hold, and a trained model is
named as its source. With --authority, the certificates in that file are trusted, and every file has to be trusted too.
"""

import argparse
import json
import sys

import c2pa

SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
TYPES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--authority")
    arguments = parser.parse_args()
    context = None
    if arguments.authority:
        trust = {"trust": {"user_anchors": open(arguments.authority).read()}, "verify": {"verify_trust": True}}
        context = c2pa.Context(c2pa.Settings.from_json(json.dumps(trust)))
    good = True
    for path in arguments.files:
        with open(path, "rb") as file:
            try:
                reader = c2pa.Reader(TYPES[path.rsplit(".", 1)[-1].lower()], file, context=context)
            except Exception as error:
                print(f"{path}: no manifest that can be read ({error})")
                good = False
                continue
            report = json.loads(reader.json())
            state = reader.get_validation_state()
        manifest = report["manifests"][report["active_manifest"]]
        sources = [
            action.get("digitalSourceType")
            for assertion in manifest["assertions"] if assertion["label"].startswith("c2pa.actions")
            for action in assertion["data"]["actions"]]
        faults = [status["code"] for status in report.get("validation_status", [])]
        print(f"{path}: {state}; {manifest['signature_info']}; sources {sources}; {faults or 'no fault'}")
        good = good and sources == [SOURCE] and state in (["Trusted"] if arguments.authority else ["Valid", "Trusted"])
    sys.exit(0 if good else 1)


main()
