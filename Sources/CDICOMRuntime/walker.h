#pragma once
// Steps over a file's elements with every length held against the bytes that are there.
#include "elements.h"
#include "scan.h"

#include <cstring>

namespace cdicom {

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

/// How the bytes are encoded.
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

  /// Throws if fewer than `wanted` bytes are left before `limit`, the end of what encloses them.
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

}  // namespace cdicom
