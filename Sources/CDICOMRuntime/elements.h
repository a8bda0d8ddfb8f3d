#pragma once
// The elements of a header that are read; everything else is passed over unseen.
#include <cstdint>

namespace cdicom {

enum class Kind : uint8_t { text, number, words, sequence };

struct Element {
  uint32_t tag;
  /// What it is taken for if the file does not say: implicit value representation, or UN.
  char vr[3];
  Kind kind;
  /// The longest value that is read; a longer one is passed over.
  uint32_t most_bytes;
};

/// The element of a data set, or of an item of one of its sequences; null if it is not read.
const Element *find_element(uint32_t tag, bool in_item) noexcept;

/// Whether a value of that representation (two letters) is of the kind.
bool matches(Kind kind, const char *vr) noexcept;

/// Whether the representation is one of the standard's, and whether its length takes four bytes.
bool is_known_vr(const char *vr, bool &is_long) noexcept;

constexpr uint32_t pixel_data_tag = 0x7FE00010;

}  // namespace cdicom
