#include "file.h"

#include <algorithm>
#include <cstring>

namespace cdicom {

namespace {

/// The bytes of a codestream, which ends where they end.
class Bytes {
 public:
  Bytes(const uint8_t *bytes, size_t count, const char *format) : bytes(bytes), count(count), format(format) {}

  size_t position = 0;

  /// The `width` bytes at `offset` from here, as a big-endian number.
  uint32_t peek(size_t offset, unsigned width) const {
    if (position > count || count - position < offset + width) throw damaged();
    uint32_t value = 0;
    for (unsigned i = 0; i < width; i += 1) value = value << 8 | bytes[position + offset + i];
    return value;
  }

  /// Moves on to the next `byte` that another one follows.
  bool seek(uint8_t byte) {
    if (position >= count) return false;
    const void *found = memchr(bytes + position, byte, count - position);
    if (!found) return false;
    position = size_t(static_cast<const uint8_t *>(found) - bytes);
    return position + 1 < count;
  }

  Failure damaged() const { return Failure(CDICOM_CORRUPT, "the %s codestream is damaged", format); }

  Failure unsupported(const char *what) const { return Failure(CDICOM_UNSUPPORTED, "%s in %s", what, format); }

 private:
  const uint8_t *bytes;
  size_t count;
  const char *format;
};

/// JPEG and JPEG-LS: calls `visit(marker, length)` for every segment up to the first scan's, with the position at the
/// segment's length, and ends behind it.
template <class Visit>
void walk_segments(Bytes &bytes, Visit visit) {
  if (bytes.peek(0, 2) != 0xFFD8) throw bytes.damaged();
  bytes.position = 2;
  while (true) {
    while (bytes.peek(0, 2) == 0xFFFF) bytes.position += 1;
    const uint32_t marker = bytes.peek(0, 2);
    // Neither reserved markers nor those without a segment have a place before a scan.
    if (marker < 0xFFC0 || (marker >= 0xFFD0 && marker <= 0xFFD9)) throw bytes.damaged();
    bytes.position += 2;
    const uint32_t length = bytes.peek(0, 2);
    if (length < 2) throw bytes.damaged();
    bytes.peek(length - 1, 1);
    visit(marker, length);
    bytes.position += length;
    if (marker == 0xFFDA) return;
  }
}

/// Precision, height, width and one component, as every frame header of the JPEG family has them.
Codestream frame_header(const Bytes &bytes, uint32_t length) {
  if (length < 11) throw bytes.damaged();
  if (bytes.peek(7, 1) != 1) throw bytes.unsupported("several components");
  return {bytes.peek(3, 2), bytes.peek(5, 2), bytes.peek(2, 1)};
}

/// The one scan of a grey image: no marker may be in it but those of `is_inner`, and its end closes the codestream.
template <class IsInner>
void check_scan(Bytes &bytes, IsInner is_inner) {
  while (bytes.seek(0xFF)) {
    const uint32_t following = bytes.peek(1, 1);
    if (following == 0xD9) return;
    if (following != 0xFF && !is_inner(following)) throw bytes.damaged();
    bytes.position += 1;
  }
}

/// Huffman tables (ITU-T T.81, B.2.4.2). `greatest` becomes the greatest category that one for DC holds; DCMTK lets 16
/// through, which only the lossless process has, and reads beyond a table of its own.
void check_huffman_tables(const Bytes &bytes, uint32_t length, uint32_t &greatest) {
  uint32_t offset = 2;
  while (offset < length) {
    if (length - offset < 17) throw bytes.damaged();
    const uint32_t kind = bytes.peek(offset, 1);
    uint32_t symbols = 0;
    for (uint32_t bits = 1; bits <= 16; bits += 1) symbols += bytes.peek(offset + bits, 1);
    offset += 17;
    if (kind >> 4 > 1 || (kind & 15) > 3 || symbols > 256 || symbols > length - offset) throw bytes.damaged();
    for (uint32_t i = 0; kind >> 4 == 0 && i < symbols; i += 1)
      greatest = std::max(greatest, bytes.peek(offset + i, 1));
    offset += symbols;
  }
}

Codestream check_jpeg(Bytes &bytes) {
  Codestream frame{};
  uint32_t greatest_category = 0;
  bool is_lossless = false;
  walk_segments(bytes, [&](uint32_t marker, uint32_t length) {
    switch (marker) {
      case 0xFFC0:
      case 0xFFC1:
      case 0xFFC3:
        if (frame.precision != 0) throw bytes.damaged();
        frame = frame_header(bytes, length);
        is_lossless = marker == 0xFFC3;
        break;
      case 0xFFC4: check_huffman_tables(bytes, length, greatest_category); break;
      case 0xFFDB:  // quantization
      case 0xFFDD:  // restart interval
      case 0xFFFE:  // comment
        break;
      case 0xFFDA: {
        if (frame.precision == 0 || length != 8 || bytes.peek(2, 1) != 1) throw bytes.damaged();
        const uint32_t predictor = bytes.peek(5, 1), point_transform = bytes.peek(7, 1) & 15;
        if (is_lossless && (predictor < 1 || predictor > 7 || point_transform >= frame.precision))
          throw bytes.damaged();
        break;
      }
      default:
        if (marker < 0xFFE0 || marker > 0xFFEF) throw bytes.unsupported("a process that is not read");
    }
  });
  const uint32_t least = is_lossless ? 2 : 8, most = is_lossless ? 16 : 12;
  if (frame.precision < least || frame.precision > most) throw bytes.damaged();
  if (greatest_category > (is_lossless ? 16 : 15)) throw bytes.damaged();
  // Stuffed zeros and restarts.
  check_scan(bytes, [](uint32_t following) { return following == 0 || (following >= 0xD0 && following <= 0xD7); });
  return frame;
}

/// The preset coding parameters: what ISO 14495-1, C.2.4.1.1 allows, since the codec does not look.
void check_presets(const Bytes &bytes, uint32_t precision, uint32_t &greatest) {
  if (bytes.peek(2, 1) != 1) throw bytes.unsupported("a mapping table");
  const uint32_t stated = bytes.peek(3, 2);
  if (stated != 0) greatest = stated;
  if (greatest >= 1u << precision) throw bytes.damaged();
  uint32_t least = 1;
  for (size_t threshold = 0; threshold < 3; threshold += 1) {
    const uint32_t value = bytes.peek(5 + threshold * 2, 2);
    if (value == 0) continue;
    if (value < least || value > greatest) throw bytes.damaged();
    least = value;
  }
  const uint32_t reset = bytes.peek(11, 2);
  if (reset != 0 && (reset < 3 || reset > std::max(255u, greatest))) throw bytes.damaged();
}

Codestream check_jpeg_ls(Bytes &bytes) {
  Codestream frame{};
  uint32_t greatest = 0;
  walk_segments(bytes, [&](uint32_t marker, uint32_t length) {
    switch (marker) {
      case 0xFFF7:
        if (frame.precision != 0) throw bytes.damaged();
        frame = frame_header(bytes, length);
        if (frame.precision < 2 || frame.precision > 16) throw bytes.damaged();
        greatest = (1u << frame.precision) - 1;
        break;
      case 0xFFF8:
        if (frame.precision == 0 || length != 13) throw bytes.damaged();
        check_presets(bytes, frame.precision, greatest);
        break;
      case 0xFFFE: break;
      case 0xFFDA:
        if (frame.precision == 0 || length != 8 || bytes.peek(2, 1) != 1) throw bytes.damaged();
        // Error bound, interleaving, point transform.
        if (bytes.peek(5, 1) > std::min(255u, greatest / 2) || bytes.peek(6, 2) != 0) throw bytes.damaged();
        break;
      default:
        if (marker < 0xFFE0 || marker > 0xFFEF) throw bytes.unsupported("a process that is not read");
    }
  });
  // A bit is stuffed, not a byte.
  check_scan(bytes, [](uint32_t following) { return following < 0x80; });
  return frame;
}

Codestream check_jpeg_2000(const Bytes &bytes) {
  if (bytes.peek(0, 4) == 0x0000000C) throw bytes.unsupported("a file format's boxes");
  if (bytes.peek(0, 4) != 0xFF4FFF51) throw bytes.damaged();
  // ISO 15444-1, A.5.1, with offsets from the start of the codestream.
  if (bytes.peek(6, 2) & 0x4000) throw bytes.unsupported("high-throughput coding");
  const uint64_t right = bytes.peek(8, 4), bottom = bytes.peek(12, 4), left = bytes.peek(16, 4),
                 top = bytes.peek(20, 4), tile_width = bytes.peek(24, 4), tile_height = bytes.peek(28, 4),
                 tile_left = bytes.peek(32, 4), tile_top = bytes.peek(36, 4);
  if (bytes.peek(40, 2) != 1) throw bytes.unsupported("several components");
  if (bytes.peek(4, 2) != 41 || left >= right || top >= bottom || tile_width == 0 || tile_height == 0 ||
      tile_left > left || tile_top > top || bytes.peek(43, 2) != 0x0101)
    throw bytes.damaged();
  // Tiles of a few pixels serve only to keep a reader busy.
  const uint64_t tiles = ((right - tile_left + tile_width - 1) / tile_width) *
                         ((bottom - tile_top + tile_height - 1) / tile_height);
  if (tiles > 64 + (right - left) * (bottom - top) / 1024) throw bytes.unsupported("tiles of a few pixels");
  const Codestream frame{uint32_t(bottom - top), uint32_t(right - left), (bytes.peek(42, 1) & 0x7F) + 1};
  if (frame.precision > 16) throw bytes.unsupported("more than 16 bits");
  return frame;
}

/// PS3.5, G.5: DCMTK reads 64 bytes of header whatever is there, and trusts the offsets.
Codestream check_rle(const uint8_t *data, size_t count, const cdicom_image &image) {
  if (count < 64) throw Failure(CDICOM_CORRUPT, "the RLE codestream is damaged");
  const auto word = [&](size_t index) { return load32(data + index * 4, false); };
  const uint32_t segments = image.bits_allocated / 8;
  if (word(0) != segments) throw Failure(CDICOM_CORRUPT, "the RLE codestream has %u segments", word(0));
  uint32_t least = 64;
  for (uint32_t segment = 1; segment <= segments; segment += 1) {
    const uint32_t offset = word(segment);
    if (offset < least || offset >= count) throw Failure(CDICOM_CORRUPT, "an RLE segment is out of place");
    least = offset + 1;
  }
  return {image.rows, image.columns, image.bits_allocated};
}

}  // namespace

Codestream check_codestream(Coding coding, const uint8_t *data, size_t count, const cdicom_image &image) {
  static constexpr const char *names[] = {"", "RLE", "JPEG", "JPEG-LS", "JPEG 2000", ""};
  Bytes bytes(data, count, names[size_t(coding)]);
  Codestream frame{};
  switch (coding) {
    case Coding::rle: frame = check_rle(data, count, image); break;
    case Coding::jpeg: frame = check_jpeg(bytes); break;
    case Coding::jpeg_ls: frame = check_jpeg_ls(bytes); break;
    case Coding::jpeg_2000: frame = check_jpeg_2000(bytes); break;
    case Coding::native:
    case Coding::unsupported: break;
  }
  if (frame.rows != image.rows || frame.columns != image.columns)
    throw Failure(CDICOM_CORRUPT, "the codestream says %u x %u pixels, the header %u x %u", frame.columns, frame.rows,
                  image.columns, image.rows);
  if (frame.precision > image.bits_allocated)
    throw Failure(CDICOM_CORRUPT, "the codestream says %u bits, the header allocates %u", frame.precision,
                  image.bits_allocated);
  return frame;
}

}  // namespace cdicom
