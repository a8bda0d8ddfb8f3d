// How a DICOM file begins: with its preamble, as it should, or without.
#include "elements.h"
#include "scan.h"

#include <cstring>

namespace cdicom {

namespace {

constexpr size_t preamble_length = 128;

bool has_prefix(const uint8_t *bytes, size_t count, size_t position) noexcept {
  return count >= position + 4 && memcmp(bytes + position, "DICM", 4) == 0;
}

/// Whether a first element has a length that a data set begins with: that of a code, an identifier or a group length.
bool begins_short(uint32_t length) noexcept { return length % 2 == 0 && length <= 64; }

/// Whether the bytes begin with an element of the meta information.
bool begins_with_meta(const uint8_t *bytes, size_t count) noexcept {
  if (count < 8 || load16(bytes, false) != 2) return false;
  const char vr[3] = {char(bytes[4]), char(bytes[5]), 0};
  bool is_long = false;
  return is_known_vr(vr, is_long) && (is_long || begins_short(load16(bytes + 6, false)));
}

}  // namespace

const char *guess_syntax(const uint8_t *bytes, size_t count) noexcept {
  if (count < 8) return nullptr;
  const char vr[3] = {char(bytes[4]), char(bytes[5]), 0};
  bool is_long = false;
  const bool is_explicit = is_known_vr(vr, is_long) && !is_long;
  if (load16(bytes, false) == 8) {
    if (is_explicit) return begins_short(load16(bytes + 6, false)) ? "1.2.840.10008.1.2.1" : nullptr;
    return begins_short(load32(bytes + 4, false)) ? "1.2.840.10008.1.2" : nullptr;
  }
  const bool is_big_endian = load16(bytes, true) == 8;
  return is_big_endian && is_explicit && begins_short(load16(bytes + 6, true)) ? "1.2.840.10008.1.2.2" : nullptr;
}

ptrdiff_t find_start(const uint8_t *bytes, size_t count) noexcept {
  if (has_prefix(bytes, count, preamble_length)) return preamble_length + 4;
  const ptrdiff_t start = has_prefix(bytes, count, 0) ? 4 : 0;
  return begins_with_meta(bytes + start, count - start) || guess_syntax(bytes + start, count - start) ? start : -1;
}

}  // namespace cdicom
