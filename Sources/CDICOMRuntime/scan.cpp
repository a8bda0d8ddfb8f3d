#include "scan.h"

#include "walker.h"

#include <algorithm>
#include <cstring>

namespace cdicom {

namespace {

/// Writes elements in explicit value representation.
class ElementWriter {
 public:
  explicit ElementWriter(bool is_big_endian) : is_big_endian(is_big_endian) {}

  std::vector<uint8_t> bytes;

  void element(uint32_t tag, const char *vr, const uint8_t *value, uint32_t length) {
    bool is_long = false;
    is_known_vr(vr, is_long);
    const uint32_t padded = length + (length & 1);
    if (!is_long && padded > 0xFFFF) return;
    put_tag(tag);
    bytes.insert(bytes.end(), vr, vr + 2);
    if (is_long) {
      put16(0);
      put32(padded);
    } else {
      put16(uint16_t(padded));
    }
    bytes.insert(bytes.end(), value, value + length);
    if (padded > length) bytes.push_back(strcmp(vr, "UI") == 0 ? 0 : ' ');
  }

  void item(const std::vector<uint8_t> &content) {
    put_tag(item_tag);
    put32(uint32_t(content.size()));
    bytes.insert(bytes.end(), content.begin(), content.end());
  }

 private:
  bool is_big_endian;

  void put16(uint16_t value) {
    const uint8_t low = uint8_t(value & 0xFF), high = uint8_t(value >> 8);
    bytes.push_back(is_big_endian ? high : low);
    bytes.push_back(is_big_endian ? low : high);
  }

  void put32(uint32_t value) {
    put16(uint16_t(is_big_endian ? value >> 16 : value & 0xFFFF));
    put16(uint16_t(is_big_endian ? value & 0xFFFF : value >> 16));
  }

  void put_tag(uint32_t tag) {
    put16(uint16_t(tag >> 16));
    put16(uint16_t(tag & 0xFFFF));
  }
};

/// Copies what is read of a data set, and finds its pixels.
class Extraction {
 public:
  Extraction(Walker &walker, Encoding encoding)
      : walker(walker), encoding(encoding), writer(encoding.is_big_endian) {}

  /// - Parameter is_ordered: whether every tag must be greater than the one before it.
  ElementWriter &run(PixelPlace &pixels, bool is_ordered) {
    uint32_t last = 0;
    while (walker.position < walker.count) {
      const ElementHeader header = walker.header(encoding, walker.count);
      if (is_ordered && header.tag <= last) throw Failure(CDICOM_CORRUPT, "its elements are out of order");
      last = header.tag;
      // Group 7FE0 holds the pixels; nothing after it is of use.
      if (header.tag >= 0x7FE00000) {
        if (header.tag < 0x7FE00008) {
          walker.skip(header, encoding, walker.count, 0);
          continue;
        }
        place(header, pixels);
        break;
      }
      if (header.tag >> 16 == 0xFFFE) throw Failure(CDICOM_CORRUPT, "a delimiter outside of any sequence");
      take(header, false, writer, walker.count);
    }
    return writer;
  }

  /// Whether an element was there whole and, for the SOP Class UID, is an identifier.
  bool has_written(uint32_t tag) const { return std::find(written.begin(), written.end(), tag) != written.end(); }

 private:
  Walker &walker;
  Encoding encoding;
  ElementWriter writer;
  std::vector<uint32_t> taken;
  std::vector<uint32_t> written;

  void place(const ElementHeader &header, PixelPlace &pixels) const {
    if (header.tag > pixel_data_tag) return;
    pixels.is_present = true;
    pixels.is_floating = header.tag != pixel_data_tag;
    pixels.is_undefined_length = header.is_undefined();
    pixels.is_bytes = !encoding.is_implicit && strcmp(header.vr, "OB") == 0;
    pixels.offset = walker.position;
    pixels.length = header.length;
  }

  void take(const ElementHeader &header, bool in_item, ElementWriter &target, size_t limit) {
    const Element *element = find_element(header.tag, in_item);
    const char *vr = header.vr;
    if (element && (encoding.is_implicit || (strcmp(vr, "UN") == 0 && !encoding.is_big_endian))) vr = element->vr;
    const bool is_wanted = element && matches(element->kind, vr) && (in_item || is_first(header.tag));
    if (is_wanted && element->kind == Kind::sequence && strcmp(header.vr, "UN") != 0) {
      take_sequence(header, limit);
      return;
    }
    const size_t start = walker.position;
    walker.skip(header, encoding, limit, 0);
    if (!is_wanted || element->kind == Kind::sequence || header.is_undefined()) return;
    if (header.length > element->most_bytes || (element->kind != Kind::text && header.length % 2 != 0)) return;
    target.element(header.tag, vr, walker.bytes + start, header.length);
    // What is no identifier names no class.
    if (!in_item && (header.tag != 0x00080016 || is_identifier(walker.bytes + start, header.length)))
      written.push_back(header.tag);
  }

  static bool is_identifier(const uint8_t *text, uint32_t count) noexcept {
    while (count > 0 && (text[count - 1] == 0 || text[count - 1] == ' ')) count -= 1;
    return count > 0 && std::all_of(text, text + count, [](uint8_t letter) {
             return letter == '.' || (letter >= '0' && letter <= '9');
           });
  }

  /// A second element of one tag is passed over.
  bool is_first(uint32_t tag) {
    if (std::find(taken.begin(), taken.end(), tag) != taken.end()) return false;
    taken.push_back(tag);
    return true;
  }

  /// The first item is taken, any other passed over.
  void take_sequence(const ElementHeader &header, size_t limit) {
    if (!header.is_undefined()) walker.require(header.length, limit);
    const size_t end = header.is_undefined() ? limit : walker.position + header.length;
    ElementWriter items(encoding.is_big_endian);
    bool is_first_item = true;
    while (header.is_undefined() || walker.position < end) {
      const ElementHeader item = walker.header(encoding, end);
      if (item.tag == sequence_end_tag && header.is_undefined()) break;
      if (item.tag != item_tag) throw Failure(CDICOM_CORRUPT, "a sequence holds something other than items");
      if (!item.is_undefined()) walker.require(item.length, end);
      ElementWriter content(encoding.is_big_endian);
      take_item(item, content, item.is_undefined() ? end : walker.position + item.length);
      if (is_first_item) items.item(content.bytes);
      is_first_item = false;
    }
    writer.element(header.tag, "SQ", items.bytes.data(), uint32_t(items.bytes.size()));
  }

  void take_item(const ElementHeader &item, ElementWriter &content, size_t end) {
    while (item.is_undefined() || walker.position < end) {
      const ElementHeader element = walker.header(encoding, end);
      if (element.tag == item_end_tag && item.is_undefined()) return;
      if (element.tag >> 16 == 0xFFFE) throw Failure(CDICOM_CORRUPT, "an item ends without its delimiter");
      take(element, true, content, end);
    }
  }
};

/// The meta information is explicit and little endian whatever follows it; `walker` is left behind it.
std::string transfer_syntax(Walker &walker) {
  const Encoding encoding{false, false};
  std::string uid;
  while (walker.count - walker.position >= 2 && load16(walker.bytes + walker.position, false) == 2) {
    const ElementHeader header = walker.header(encoding, walker.count);
    const size_t start = walker.position;
    walker.skip(header, encoding, walker.count, 0);
    if (header.tag != 0x00020010 || header.is_undefined() || header.length > 64) continue;
    uid.assign(reinterpret_cast<const char *>(walker.bytes) + start, header.length);
    while (!uid.empty() && (uid.back() == 0 || uid.back() == ' ')) uid.pop_back();
  }
  return uid;
}

/// Reads the data set that begins at `file`'s position.
Scan scan_data_set(Walker file, const std::string &uid, bool is_certain, cdicom_limits limits) {
  Scan scan;
  scan.syntax = find_syntax(uid);
  if (scan.syntax.is_deflated) {
    // What a header may take beside the pixels.
    constexpr size_t header_room = size_t(16) << 20;
    scan.inflated = inflate_all(file.bytes + file.position, file.count - file.position,
                                header_room + limits.max_pixels * 2);
    file = Walker(scan.inflated.data(), scan.inflated.size(), 0);
  }
  Extraction extraction(file, Encoding{scan.syntax.is_implicit, scan.syntax.is_big_endian});
  const auto is_known = [&] {
    return extraction.has_written(0x00080016) ||
           (scan.pixels.is_present && extraction.has_written(0x00280010) && extraction.has_written(0x00280011));
  };
  try {
    scan.elements = extraction.run(scan.pixels, !is_certain).bytes;
  } catch (const Failure &) {
    // What only began as a data set does is a file of another kind.
    if (is_certain || is_known()) throw;
    throw Failure(CDICOM_NOT_DICOM, "no DICM at byte 128");
  }
  if (!is_certain && !is_known()) throw Failure(CDICOM_NOT_DICOM, "no DICM at byte 128");
  return scan;
}

}  // namespace

Scan scan(const uint8_t *bytes, size_t count, cdicom_limits limits) {
  const ptrdiff_t start = find_start(bytes, count);
  if (start < 0) throw Failure(CDICOM_NOT_DICOM, "no DICM at byte 128");
  Walker file(bytes, count, size_t(start));
  std::string uid;
  try {
    uid = transfer_syntax(file);
  } catch (const Failure &) {
    if (start > 0) throw;
    throw Failure(CDICOM_NOT_DICOM, "no DICM at byte 128");
  }
  const bool is_named = !uid.empty();
  if (!is_named) {
    const char *guess = guess_syntax(bytes + file.position, count - file.position);
    if (guess) uid = guess;
  }
  if (uid.empty()) {
    if (start == 0) throw Failure(CDICOM_NOT_DICOM, "no DICM at byte 128");
    const bool may_follow = count - file.position < 8;
    throw Failure(may_follow ? CDICOM_TRUNCATED : CDICOM_CORRUPT, "it names no transfer syntax");
  }
  Scan result = scan_data_set(file, uid, start > 0 || is_named, limits);
  result.syntax.is_named = is_named;
  return result;
}

}  // namespace cdicom
