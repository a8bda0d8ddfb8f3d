#include "scan.h"

#include "elements.h"

#include <algorithm>
#include <cstring>

namespace cdicom {

namespace {

/// Real headers nest five deep or so.
constexpr int deepest_nesting = 32;
/// Nothing is kept for an element that is passed over, so this bounds only time.
constexpr uint32_t most_elements = 2'000'000;

struct ElementHeader {
  uint32_t tag;
  char vr[3];
  uint32_t length;

  bool is_undefined() const noexcept { return length == undefined_length; }
};

/// How the bytes at hand are encoded.
struct Encoding {
  bool is_implicit;
  bool is_big_endian;
};

class Walker {
 public:
  Walker(const uint8_t *bytes, size_t count, size_t position) : bytes(bytes), count(count), position(position) {}

  const uint8_t *bytes;
  size_t count;
  size_t position;

  /// Throws where fewer than `wanted` bytes are left before `limit`, the end of what encloses them.
  void require(uint64_t wanted, size_t limit) const {
    if (wanted <= limit - position) return;
    if (limit < count) throw Failure(CDICOM_CORRUPT, "a length reaches beyond its item or sequence");
    throw Failure(CDICOM_TRUNCATED, "the file ends inside of its header");
  }

  ElementHeader header(Encoding encoding, size_t limit) {
    if (++elements > most_elements) throw Failure(CDICOM_CORRUPT, "it has more than %u elements", most_elements);
    require(8, limit);
    const uint8_t *at = bytes + position;
    ElementHeader header{};
    header.tag = uint32_t(load16(at, encoding.is_big_endian)) << 16 | load16(at + 2, encoding.is_big_endian);
    position += 8;
    if (encoding.is_implicit || header.tag >> 16 == 0xFFFE) {
      header.length = load32(at + 4, encoding.is_big_endian);
      return header;
    }
    memcpy(header.vr, at + 4, 2);
    bool is_long = false;
    if (!is_known_vr(header.vr, is_long))
      throw Failure(CDICOM_CORRUPT, "element (%04x,%04x) has an unknown value representation", header.tag >> 16,
                    header.tag & 0xFFFF);
    if (is_long) {
      require(4, limit);
      header.length = load32(bytes + position, encoding.is_big_endian);
      position += 4;
    } else {
      header.length = load16(at + 6, encoding.is_big_endian);
    }
    return header;
  }

  void skip(const ElementHeader &header, Encoding encoding, size_t limit, int depth) {
    if (!header.is_undefined()) {
      require(header.length, limit);
      position += header.length;
      return;
    }
    const bool is_unknown = strcmp(header.vr, "UN") == 0;
    if (!encoding.is_implicit && !is_unknown && strcmp(header.vr, "SQ") != 0)
      throw Failure(CDICOM_CORRUPT, "element (%04x,%04x) has no length", header.tag >> 16, header.tag & 0xFFFF);
    // What was unknown to its writer stays implicit and little endian (PS3.5, 6.2.2).
    skip_items(is_unknown ? Encoding{true, false} : encoding, limit, depth + 1);
  }

  /// To the end of a sequence whose length is undefined.
  void skip_items(Encoding encoding, size_t limit, int depth) {
    if (depth > deepest_nesting) throw Failure(CDICOM_CORRUPT, "it nests more than %d deep", deepest_nesting);
    while (true) {
      const ElementHeader item = header(encoding, limit);
      if (item.tag == sequence_end_tag) return;
      if (item.tag != item_tag) throw Failure(CDICOM_CORRUPT, "a sequence holds something other than items");
      if (item.is_undefined()) {
        skip_elements(encoding, limit, depth);
      } else {
        require(item.length, limit);
        position += item.length;
      }
    }
  }

  /// To the end of an item whose length is undefined.
  void skip_elements(Encoding encoding, size_t limit, int depth) {
    while (true) {
      const ElementHeader element = header(encoding, limit);
      if (element.tag == item_end_tag) return;
      if (element.tag >> 16 == 0xFFFE) throw Failure(CDICOM_CORRUPT, "an item ends without its delimiter");
      skip(element, encoding, limit, depth);
    }
  }

 private:
  uint32_t elements = 0;
};

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

  ElementWriter &run(PixelPlace &pixels) {
    while (walker.position < walker.count) {
      const ElementHeader header = walker.header(encoding, walker.count);
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

 private:
  Walker &walker;
  Encoding encoding;
  ElementWriter writer;
  std::vector<uint32_t> taken;

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

}  // namespace

Scan scan(const uint8_t *bytes, size_t count, cdicom_limits limits) {
  if (count < 132 || memcmp(bytes + 128, "DICM", 4) != 0) throw Failure(CDICOM_NOT_DICOM, "no DICM at byte 128");
  Walker file(bytes, count, 132);
  const std::string uid = transfer_syntax(file);
  if (uid.empty()) {
    const bool may_follow = count - file.position < 2;
    throw Failure(may_follow ? CDICOM_TRUNCATED : CDICOM_CORRUPT, "it names no transfer syntax");
  }
  Scan scan;
  scan.syntax = find_syntax(uid);
  if (scan.syntax.is_deflated) {
    // What a header may take beside the pixels.
    constexpr size_t header_room = size_t(16) << 20;
    scan.inflated = inflate_all(bytes + file.position, count - file.position, header_room + limits.max_pixels * 2);
    file = Walker(scan.inflated.data(), scan.inflated.size(), 0);
  }
  Extraction extraction(file, Encoding{scan.syntax.is_implicit, scan.syntax.is_big_endian});
  scan.elements = std::move(extraction.run(scan.pixels).bytes);
  return scan;
}

}  // namespace cdicom
