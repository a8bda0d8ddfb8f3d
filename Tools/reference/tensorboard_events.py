"""Event files as the tensorboard package writes them, and what it reads from ours.

    python Tools/reference/tensorboard_events.py Tests/Fixtures/tensorboard
    python Tools/reference/tensorboard_events.py --read RUN/vae

The first writes the golden bytes of Tests/RunRecordsTests, from the inputs that the tests repeat. The second prints the
steps and values that TensorBoard's own reader finds in a folder, tag by tag: nothing lost, nothing doubled.

Needs: tensorboard 2.21.0, pillow.
"""

import io
import sys
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter, masked_crc32c

# A grey picture of 2 x 1 pixels as a PNG; its bytes are stored, and need no PNG writer in the test.
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000002000000010800000000d14920560000000b49444154789c63"
    "60f80f000102010042bebc680000000049454e44ae426082"
)


def scalars(values):
    return Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in values])


def events():
    yield Event(wall_time=1764000000.25, file_version="brain.Event:2")
    yield Event(wall_time=1764000000.25, step=501, session_log=SessionLog(status=SessionLog.START))
    yield Event(wall_time=1764000001.5, step=520, summary=scalars([("loss/train", 0.0512), ("zero/train", 0.0)]))
    yield Event(wall_time=1764000002.0, step=0, summary=scalars([("negative", -1.5e-30)]))
    yield Event(wall_time=0.0, step=3_000_000_000, summary=scalars([("h\u00e9 / \u03bb", 3.4e38)]))
    yield Event(wall_time=1764000003.0, step=127, summary=scalars([]))
    yield Event(wall_time=1764000003.0, step=128, summary=scalars([("t" * 300, 1.0)]))
    image = Summary.Image(height=1, width=2, colorspace=1, encoded_image_string=PICTURE)
    yield Event(wall_time=1764000004.0, step=500, summary=Summary(value=[Summary.Value(tag="samples", image=image)]))


def write(folder):
    folder.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    writer = RecordWriter(buffer)
    for event in events():
        writer.write(event.SerializeToString())
    (folder / "events.bin").write_bytes(buffer.getvalue())
    (folder / "picture.png").write_bytes(PICTURE)
    inputs = [b"", b"123456789", bytes(range(256)) * 5]
    (folder / "crc.txt").write_text("".join(f"{masked_crc32c(data)}\n" for data in inputs))


def read(folder):
    accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0, "images": 0})
    accumulator.Reload()
    for tag in sorted(accumulator.Tags()["scalars"]):
        print(tag, " ".join(f"{event.step}:{event.value:.6g}" for event in accumulator.Scalars(tag)))
    for tag in sorted(accumulator.Tags()["images"]):
        print(tag, " ".join(f"{event.step}:{event.width}x{event.height}" for event in accumulator.Images(tag)))


if __name__ == "__main__":
    if sys.argv[1] == "--read":
        read(Path(sys.argv[2]))
    else:
        write(Path(sys.argv[1]))
